/* Merging of TCP over IPv6: as merge_test.c, where the header has other fields and may be followed by others. */
#include "merge_packets.h"

static void joins_what_is_in_order(void)
{
	for (uint32_t i = 0; i < 10; i++)
		plain(0, 0xfffffff0 + 1000 * i, 1000);
	expect(1);
	plain(0, 1000, 1000), plain(0, 2000, 500), plain(0, 2500, 500), plain(0, 3000, 500);
	expect(2);
	plain(0, 1000, 100), pushed(0, 1100, 100), plain(0, 1200, 100), plain(0, 1300, 100);
	expect(2);
	for (uint32_t i = 0; i < 140; i++)
		plain(0, 1000 + 1400 * i, 1400);
	expect(4);
	CHECK(largest_frame <= CW_TRAIN_BYTES_MAX);
}

/* One bit of the second of two packets changed, its checksum made right again: two frames. */
static void keeps_apart_by_field(void)
{
	/* Class, ECN, flow label, hop limit, source, destination; TCP: window, urgent pointer, an option. */
	static const uint32_t fields[] = { 0,	    1,	     2,	      3,       7,	 20,
					   36,	    40 + 14, 40 + 15, 40 + 18, 40 + 19, 40 + 27 };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		for (uint32_t bit = 0; bit < 4; bit++) {
			plain(0, 1000, 100);
			uint8_t *ip = plain(0, 1100, 100);
			/* Another host of the LAN, whose address is known. */
			if (fields[i] == 36)
				packet_put32(ip + 36, CW_BENCH_HOST + 5 + bit);
			else
				ip[fields[i]] ^= (uint8_t)(1u << bit);
			packet_finish(ip, 172);
			expect(2);
		}
	}
}

/* With an extension header nothing is joined, and all of it arrives as it is. */
static void hands_on_extension_headers(void)
{
	static const uint8_t kinds[] = { 0, 43, 44, 60 };

	for (uint32_t i = 0; i < sizeof(kinds); i++) {
		for (uint32_t n = 0; n < 3; n++) {
			uint8_t *ip = plain(0, 1000 + 100 * n, 100);
			memmove(ip + 48, ip + 40, 132);
			memcpy(ip + 40, (const uint8_t[8]){ PACKET_TCP, 0, 0, kinds[i] == 44 }, 8);
			ip[6] = kinds[i];
			packet_put16(ip + 4, 140);
			sent.length[sent.count - 1] = 180;
		}
		expect(3);
	}
}

static void hands_on_bad_checksums(void)
{
	for (uint32_t bad = 0; bad < 3; bad++) {
		plain(0, 1000, 100), plain(0, 1100, 100), plain(0, 1200, 100);
		sent.bytes[bad][40 + 32 + check_below(100)] ^= 0x20;
		expect(bad == 1 ? 3 : 2);
	}
}

/* The same ports and low address bits in both families, turn by turn: two flows. */
static void keeps_apart_the_families(void)
{
	for (uint32_t i = 0; i < 10; i++) {
		is6 = i % 2 != 0;
		plain(0, 1000 + i / 2 * 100, 100);
	}
	is6 = true;
	expect(2);
}

/* Flows of both families whose packets come in order but for accidents, any of which a merge must see. */
static void gives_back_random_traffic(void)
{
	uint32_t merged = 0;

	for (uint32_t round = 0; round < 300; round++) {
		uint32_t next[FLOWS], flows = 1 + check_below(FLOWS), accidents = check_below(8);
		for (uint32_t i = 0; i < FLOWS; i++)
			next[i] = (uint32_t)check_random();
		for (uint32_t i = 0, n = check_below(200); i < n; i++) {
			bool is_accident = check_below(16) < accidents;
			struct segment s = { check_below(flows), 0, 400, 7, 0x10 };
			is6 = s.flow % 3 != 0;
			s.sequence = next[s.flow] + (is_accident && check_below(3) == 0 ? 100 : 0);
			s.payload = is_accident && check_below(3) == 0 ? check_below(1400) : 400;
			if (is_accident && check_below(3) == 0)
				s.flags = (uint8_t)check_random();
			uint8_t *ip = put_segment(&sent, &s);
			next[s.flow] = s.sequence + s.payload;
			if (is6 && is_accident && check_below(2) == 0)
				ip[check_below(4) == 0 ? 7 : 1 + check_below(3)] ^= 1;
			if (is_accident && check_below(4) == 0)
				ip[44 + check_below(8 + s.payload)] ^= 1;
		}
		uint32_t packets = sent.count;
		run();
		check_all_came();
		merged += packets - frames_out;
		sent.count = 0;
	}
	CHECK(merged > 3000);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	is6 = true;
	joins_what_is_in_order();
	keeps_apart_by_field();
	hands_on_extension_headers();
	hands_on_bad_checksums();
	keeps_apart_the_families();
	gives_back_random_traffic();
	cw_bench_close(&bench);
	return check_result();
}
