/* See wan_line.h. */
#include "wan_line.h"

static bool is_before(const struct cw_wan_entry *one, const struct cw_wan_entry *other)
{
	return one->leave_ns < other->leave_ns ||
	       (one->leave_ns == other->leave_ns && one->number < other->number);
}

bool cw_wan_line_put(struct cw_wan_line *line, uint64_t leave_ns, uint32_t slot)
{
	struct cw_wan_entry entry = { leave_ns, line->number + 1, slot };
	uint32_t at = line->count;

	if (at == CW_WAN_LINE_MAX)
		return false;
	line->number++;
	line->count++;
	while (at > 0 && is_before(&entry, &line->entries[(at - 1) / 2])) {
		line->entries[at] = line->entries[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	line->entries[at] = entry;
	return true;
}

uint64_t cw_wan_line_next(const struct cw_wan_line *line)
{
	return line->count > 0 ? line->entries[0].leave_ns : UINT64_MAX;
}

bool cw_wan_line_take(struct cw_wan_line *line, uint64_t now_ns, uint32_t *slot)
{
	if (cw_wan_line_next(line) > now_ns || line->count == 0)
		return false;
	struct cw_wan_entry first = line->entries[0];
	struct cw_wan_entry last = line->entries[--line->count];
	uint32_t at = 0;
	for (uint32_t child = 1; child < line->count; child = 2 * at + 1) {
		if (child + 1 < line->count &&
		    is_before(&line->entries[child + 1], &line->entries[child]))
			child++;
		if (!is_before(&line->entries[child], &last))
			break;
		line->entries[at] = line->entries[child];
		at = child;
	}
	line->entries[at] = last;
	if (first.number < line->highest)
		line->reordered++;
	else
		line->highest = first.number;
	*slot = first.slot;
	return true;
}
