/* See wan_control.h. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "wan_control.h"

#define HOUR_NS 3600000000000ull
#define WORD_MAX 64

static const struct {
	const char *name;
	size_t offset;
	uint64_t most;
} keys[] = {
#define KEY(field, most) { #field, offsetof(struct cw_wan_settings, field), most }
	KEY(delay_ns, 60000000000ull),
	KEY(jitter_ns, 60000000000ull),
	KEY(is_unordered, 1),
	KEY(loss_ppm, CW_WAN_PPM),
	KEY(burst_enter_ppm, CW_WAN_PPM),
	KEY(burst_leave_ppm, CW_WAN_PPM),
	KEY(burst_loss_ppm, CW_WAN_PPM),
	KEY(reorder_ppm, CW_WAN_PPM),
	KEY(reorder_ns, 60000000000ull),
	KEY(duplicate_ppm, CW_WAN_PPM),
	KEY(rate_bps, 100000000000ull),
	KEY(queue_bytes, 1000000000ull),
	KEY(queue_ns, 60000000000ull),
	KEY(mtu_bytes, 65535),
	KEY(is_answering, 1),
	KEY(is_cut, 1),
	KEY(flap_ns, HOUR_NS),
	KEY(flap_up_ns, HOUR_NS),
#undef KEY
};

const char *cw_wan_order(char *line, struct cw_wan_order *order)
{
	char *rest;
	char *id = strtok_r(line, " ", &rest), *end;

	*order = (struct cw_wan_order){ .words = "" };
	if (id == NULL)
		return "id";
	order->id = strtoull(id, &end, 10);
	if (*end != 0)
		return "id";
	const char *verb = strtok_r(NULL, " ", &rest);
	if (verb == NULL || (strcmp(verb, "read") != 0 && strcmp(verb, "set") != 0))
		return "verb";
	order->is_read = strcmp(verb, "read") == 0;
	if (order->is_read)
		return NULL;
	const char *way = strtok_r(NULL, " ", &rest);
	if (way == NULL)
		return "way";
	order->is_way[0] = strcmp(way, "down") != 0;
	order->is_way[1] = strcmp(way, "up") != 0;
	if (order->is_way[0] && order->is_way[1] && strcmp(way, "both") != 0)
		return "way";
	order->is_cleared = strncmp(rest, "clear", 5) == 0 && (rest[5] == 0 || rest[5] == ' ');
	order->words = rest + (order->is_cleared ? 5 : 0);
	return NULL;
}

static bool apply_word(const char *word, struct cw_wan_settings *settings)
{
	const char *value = strchr(word, '=');
	char *end;

	if (value == NULL || value[1] < '0' || value[1] > '9')
		return false;
	uint64_t number = strtoull(value + 1, &end, 10);
	for (size_t i = 0; *end == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t length = (size_t)(value - word);
		if (strlen(keys[i].name) != length || memcmp(keys[i].name, word, length) != 0)
			continue;
		if (number > keys[i].most)
			return false;
		memcpy((char *)settings + keys[i].offset, &number, sizeof(number));
		return true;
	}
	return false;
}

const char *cw_wan_apply(const struct cw_wan_order *order, struct cw_wan_settings *settings)
{
	static char word[WORD_MAX];

	if (order->is_cleared)
		*settings = (struct cw_wan_settings){ 0 };
	for (const char *at = order->words; *at != 0;) {
		size_t blanks = strspn(at, " "), length = strcspn(at + blanks, " ");
		if (length == 0)
			break;
		size_t kept = length < WORD_MAX - 1 ? length : WORD_MAX - 1;
		memcpy(word, at + blanks, kept);
		word[kept] = 0;
		if (!apply_word(word, settings))
			return word;
		at += blanks + length;
	}
	return settings->flap_up_ns > settings->flap_ns ? "flap_up_ns" : NULL;
}
