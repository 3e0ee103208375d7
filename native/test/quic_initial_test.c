/*
 * Initials of QUIC: those of RFC 9001 and RFC 9369 and of clients, opened; nothing else is, whichever bit is changed and
 * wherever they are cut off.
 */
#include <openssl/crypto.h>

#include "crypto/quic-initial.h"
#include "first_bytes.h"
#include "server_name_vectors.h"

static struct cw_quic_initials *initials;
static uint64_t allocations;

static void *count_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	allocations++;
	return malloc(size);
}

static void *count_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	allocations++;
	return realloc(old, size);
}

static void plain_free(void *old, const char *file, int line)
{
	(void)file, (void)line;
	free(old);
}

/* In a block of just the size. NULL: it is not opened. */
static const uint8_t *open_exact(const struct bytes *datagram, uint32_t length, uint32_t *frames_len)
{
	uint8_t *exact = malloc(length == 0 ? 1 : length);
	struct cw_quic_packet packet;
	const uint8_t *frames = NULL;

	memcpy(exact, datagram->at, length);
	if (cw_quic_packet_read(&packet, exact, length)) {
		CHECK(packet.length <= length && packet.number_at <= packet.length);
		frames = cw_quic_initial_open(initials, &packet, frames_len);
	}
	free(exact);
	return frames;
}

static void opens_what_is_published(void)
{
	static const char begin[] = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868";
	struct bytes wanted = { 0 };

	add_hex(&wanted, begin);
	for (uint32_t i = 0; i < 2; i++) {
		struct bytes datagram = { 0 };
		uint32_t length = 0;
		add_hex(&datagram, first_vectors[i].parts[0]);
		const uint8_t *frames = open_exact(&datagram, datagram.length, &length);
		if (!CHECK(frames != NULL && length == 1162))
			continue;
		CHECK(memcmp(frames, wanted.at, wanted.length) == 0);
		/* 245 bytes of a frame, the rest is padding. */
		CHECK(frames[244] == 0xff && frames[245] == 0 && memcmp(frames + 245, frames + 246, 916) == 0);
	}
}

static void opens_what_clients_send(void)
{
	uint32_t opened = 0;

	for (uint32_t i = 2; i < sizeof(first_vectors) / sizeof(first_vectors[0]); i++) {
		for (uint32_t part = 0; first_vectors[i].is_quic && part < VECTOR_PARTS; part++) {
			struct bytes datagram = { 0 };
			uint32_t length;
			add_hex(&datagram, first_vectors[i].parts[part]);
			opened += open_exact(&datagram, datagram.length, &length) != NULL;
		}
	}
	CHECK(opened == 4);
}

static void opens_nothing_that_was_changed(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct bytes datagram = { 0 };
		uint32_t length;
		add_hex(&datagram, first_vectors[i].parts[0]);
		for (uint32_t bit = 0; bit < 8 * datagram.length; bit++) {
			datagram.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (!CHECK(open_exact(&datagram, datagram.length, &length) == NULL))
				fprintf(stderr, "  bit %u of byte %u\n", bit % 8, bit / 8);
			datagram.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (uint32_t cut = 0; cut < datagram.length; cut++)
			CHECK(open_exact(&datagram, cut, &length) == NULL);
		CHECK(open_exact(&datagram, datagram.length, &length) != NULL);
	}
}

static struct initial random_initial(void)
{
	struct initial initial = { .is_v2 = check_below(2),
				   .id_len = (uint8_t)(8 + check_below(13)),
				   .token_len = (uint8_t)(check_below(2) * check_below(200)),
				   .number_len = (uint8_t)(1 + check_below(4)) };

	check_fill(initial.id, sizeof(initial.id));
	initial.number = check_below(1u << (initial.number_len == 4 ? 31 : 8 * initial.number_len));
	return initial;
}

static void opens_what_was_made(void)
{
	for (uint32_t round = 0; round < 3000; round++) {
		struct initial initial = random_initial();
		struct bytes frames = { 0 }, datagram = { 0 };
		uint32_t length = 0;
		add_random(&frames, check_below(1200));
		add_initial(&datagram, &initial, &frames, check_below(2) * 1200);
		const uint8_t *opened = open_exact(&datagram, datagram.length + 0, &length);
		CHECK(opened != NULL && length >= frames.length && memcmp(opened, frames.at, frames.length) == 0);
		for (uint32_t i = frames.length; opened != NULL && i < length; i++)
			CHECK(opened[i] == 0);
	}
}

static void refuses_what_no_client_sends(void)
{
	struct initial initial = random_initial();
	struct bytes frames = { 0 }, datagram = { 0 };
	uint32_t length;

	/* An id that is too short for a first one. */
	initial.id_len = 7;
	add_initial(&datagram, &initial, &frames, 1200);
	CHECK(open_exact(&datagram, datagram.length, &length) == NULL);
	initial.id_len = 8;
	initial.token_len = 0;
	frames.length = CW_QUIC_INITIAL_MAX;
	datagram.length = 0;
	add_initial(&datagram, &initial, &frames, 0);
	CHECK(open_exact(&datagram, datagram.length, &length) == NULL);
}

static void integers_are_read(void)
{
	/* RFC 9000, appendix A.1 */
	static const struct {
		const char *hex;
		uint64_t value;
	} integers[] = {
		{ "c2197c5eff14e88c", 151288809941952652 }, { "9d7f3e7d", 494878333 },
		{ "7bbd", 15293 }, { "25", 37 }, { "4025", 37 },
	};

	for (uint32_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		struct bytes bytes = { 0 };
		add_hex(&bytes, integers[i].hex);
		for (uint32_t cut = 0; cut <= bytes.length; cut++) {
			const uint8_t *at = bytes.at;
			uint64_t value = 0;
			bool is_read = cw_quic_integer(&at, bytes.at + cut, &value);
			CHECK(is_read == (cut == bytes.length));
			CHECK(!is_read || (value == integers[i].value && at == bytes.at + bytes.length));
		}
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	CHECK(CRYPTO_set_mem_functions(count_malloc, count_realloc, plain_free) == 1);
	if (!CHECK(cw_quic_initials_open(&initials) == 0))
		return check_result();
	uint64_t before = allocations;
	opens_what_is_published();
	opens_what_clients_send();
	opens_nothing_that_was_changed();
	CHECK(before > 0 && allocations == before);
	opens_what_was_made();
	refuses_what_no_client_sends();
	integers_are_read();
	cw_quic_initials_close(initials);
	cw_quic_initials_close(NULL);
	return check_result();
}
