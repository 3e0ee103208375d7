/*
 * Server names of flows, out of packets: what clients sent and what was made, cut at every byte, in any order, in trains, and
 * more of them at once than there is room for.
 */
#include <openssl/crypto.h>

#include "first_bytes.h"
#include "graph/client-hello.h"
#include "graph/server-name.h"
#include "server_name_vectors.h"

#define NAME "portal.crm.example"

static struct cw_server_names *names;
static uint64_t now_us = 1000000;
static uint64_t allocations;
static char name[CW_HOST_NAME_BYTES];

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

struct client {
	struct cw_flow_key key;
	uint32_t sequence;
	uint8_t looked;
	const uint32_t *first_byte;
};

static struct client new_client(uint8_t protocol)
{
	struct client client = { .key = { .source_port = 40000, .destination_port = 443, .protocol = protocol },
				 .sequence = (uint32_t)check_random() };

	check_fill((uint8_t *)client.key.source.words, sizeof(client.key.source));
	return client;
}

static enum cw_recognition give(struct client *client, const struct bytes *header, const uint8_t *payload,
				uint32_t length, uint32_t segment_bytes)
{
	uint32_t total = header->length + length;
	uint8_t *exact = malloc(total);
	struct cw_first_packet packet = { &client->key, exact, total, segment_bytes, client->first_byte };

	memcpy(exact, header->at, header->length);
	memcpy(exact + header->length, payload, length);
	name[0] = '\0';
	enum cw_recognition is = cw_server_name_read(names, &packet, &client->looked, now_us, name);
	free(exact);
	return is;
}

static enum cw_recognition give_tcp(struct client *client, const struct bytes *stream, uint32_t at, uint32_t length,
				    uint8_t flags)
{
	struct bytes header = { .length = 20 + 4 * (at % 11) };

	memset(header.at, 1, header.length);
	packet_put32(header.at + 4, client->sequence + at);
	header.at[12] = (uint8_t)(header.length / 4 << 4);
	header.at[13] = flags;
	return give(client, &header, stream->at + at, length, 0);
}

static enum cw_recognition give_udp(struct client *client, const struct bytes *datagram, uint32_t segment_bytes)
{
	static const struct bytes header = { .length = 8 };

	return give(client, &header, datagram->at, datagram->length, segment_bytes);
}

static bool is_named(enum cw_recognition is, const char *wanted)
{
	return is == CW_RECOGNITION_NAMED && strcmp(name, wanted) == 0;
}

static void knows_quic_clients(void)
{
	for (uint32_t i = 0; i < sizeof(first_vectors) / sizeof(first_vectors[0]); i++) {
		const struct first_vector *vector = &first_vectors[i];
		struct bytes parts[VECTOR_PARTS] = { 0 }, train = { 0 };
		bool has_two = vector->is_quic && vector->parts[1] != NULL;
		if (!vector->is_quic)
			continue;
		for (uint32_t p = 0; p < 1u + has_two; p++) {
			add_hex(&parts[p], vector->parts[p]);
			add_bytes(&train, parts[p].at, parts[p].length);
		}
		struct client one = new_client(IPPROTO_UDP), other = one, both = one;
		enum cw_recognition is = give_udp(&one, &parts[0], 0);
		if (has_two && is == CW_RECOGNITION_NOT_YET)
			is = give_udp(&one, &parts[1], 0);
		CHECK(is_named(is, vector->name));
		is = has_two ? give_udp(&other, &parts[1], 0) : CW_RECOGNITION_NOT_YET;
		if (is == CW_RECOGNITION_NOT_YET)
			is = give_udp(&other, &parts[0], 0);
		CHECK(is_named(is, vector->name));
		CHECK(is_named(give_udp(&both, &train, parts[0].length), vector->name));
	}
}

/* In two segments, wherever the cut is; whole; and the second before the first is not followed. */
static void knows_tls_clients(void)
{
	for (uint32_t i = 0; i < sizeof(first_vectors) / sizeof(first_vectors[0]); i++) {
		const struct first_vector *vector = &first_vectors[i];
		struct bytes stream = { 0 };
		if (vector->is_quic)
			continue;
		add_hex(&stream, vector->parts[0]);
		bool has_name = vector->name[0] != '\0';
		for (uint32_t cut = 1; cut <= stream.length; cut++) {
			struct client client = new_client(IPPROTO_TCP);
			CHECK(give_tcp(&client, &stream, 0, 0, 16) == CW_RECOGNITION_NOT_YET && client.looked == 0);
			enum cw_recognition is = give_tcp(&client, &stream, 0, cut, 16);
			if (is == CW_RECOGNITION_NOT_YET)
				is = give_tcp(&client, &stream, cut, stream.length - cut, 24);
			if (!CHECK(has_name ? is_named(is, vector->name) : is == CW_RECOGNITION_NONE))
				fprintf(stderr, "  %s, cut at %u\n", vector->source, cut);
		}
	}
}

/* Where its first byte is known, the segments of a stream may come in any order, and others with them. */
static void knows_what_was_overtaken(void)
{
	static struct bytes endless = { .length = 6000, .at = "GET / HTTP/1.1\r\n" };
	struct bytes stream = { 0 };

	for (uint32_t i = 0; i < sizeof(first_vectors) / sizeof(first_vectors[0]); i++) {
		const struct first_vector *vector = &first_vectors[i];
		if (vector->is_quic || vector->name[0] == '\0')
			continue;
		stream.length = 0;
		add_hex(&stream, vector->parts[0]);
		for (uint32_t cut = 1; cut < stream.length; cut++) {
			struct client client = new_client(IPPROTO_TCP);
			const uint32_t first_byte = client.sequence--;
			client.first_byte = &first_byte;
			/* A byte before the first is not said to the server. */
			CHECK(give_tcp(&client, &stream, 0, 1, 16) == CW_RECOGNITION_NOT_YET);
			client.sequence++;
			enum cw_recognition is = give_tcp(&client, &stream, cut, stream.length - cut, 24);
			CHECK(is == CW_RECOGNITION_NOT_YET);
			if (!CHECK(is_named(give_tcp(&client, &stream, 0, cut, 16), vector->name)))
				fprintf(stderr, "  %s, cut at %u\n", vector->source, cut);
		}
	}
	/* What is far ahead is not kept. */
	struct client client = new_client(IPPROTO_TCP);
	client.first_byte = &client.sequence;
	for (uint32_t i = 1; i < CW_SERVER_NAME_PACKETS; i++)
		CHECK(give_tcp(&client, &endless, CW_HELLO_MAX, 100, 16) == CW_RECOGNITION_NOT_YET);
	CHECK(give_tcp(&client, &endless, CW_HELLO_MAX, 100, 16) == CW_RECOGNITION_NONE);
}

/* A ClientHello and what else an Initial may hold, over datagrams, its frames in any order, some twice. */
static uint32_t make_quic(struct bytes *datagrams, const struct bytes *message)
{
	struct initial initial = { .is_v2 = check_below(2), .id_len = (uint8_t)(8 + check_below(13)),
				   .token_len = (uint8_t)check_below(50) };
	uint32_t count = 1 + message->length / 700, cuts[64], pieces = 0, order[64];

	check_fill(initial.id, sizeof(initial.id));
	for (uint32_t at = 0; at < message->length; at += 1 + check_below(2 * message->length / 40))
		cuts[pieces++] = at;
	cuts[pieces] = message->length;
	for (uint32_t i = 0; i < pieces; i++) {
		uint32_t j = check_below(i + 1);
		order[i] = order[j];
		order[j] = i;
	}
	for (uint32_t d = 0, next = 0; d < count; d++) {
		datagrams[d].length = 0;
		for (uint32_t packets = 1 + check_below(2); packets > 0; packets--) {
			struct bytes frames = { 0 };
			uint32_t last = packets == 1 && d == count - 1;
			while (next < pieces && (last || frames.length + datagrams[d].length < 600 / packets)) {
				uint32_t at = cuts[order[next]], end = cuts[order[next] + 1];
				static const uint8_t others[][8] = { { 1 }, { 0 }, { 2, 5, 3, 1, 1, 0, 2 }, { 3, 1, 0, 0, 1, 2, 3, 4 } };
				static const uint8_t lengths[] = { 1, 3, 7, 8 };
				uint32_t which = check_below(8);
				if (which < 4)
					add_bytes(&frames, others[which], lengths[which]);
				add_crypto(&frames, message, at - check_below(at < 20 ? 1 : 20), 0);
				add_crypto(&frames, message, at, end - at);
				next++;
			}
			initial.number = d * 4 + packets;
			initial.number_len = (uint8_t)(1 + check_below(4));
			add_initial(&datagrams[d], &initial, &frames, packets == 1 ? 1200 : 0);
		}
	}
	return count;
}

static void knows_what_was_made(void)
{
	for (uint32_t round = 0; round < 3000; round++) {
		static struct bytes message, stream, datagrams[4];
		bool has_name = check_below(10) != 0;
		now_us += 1000;
		make_hello(&message, has_name ? "Made.Example" : NULL, check_below(6), check_below(4), check_below(300));
		if (message.length > 2000)
			continue;
		uint32_t count = make_quic(datagrams, &message), first = check_below(count);
		struct client quic = new_client(IPPROTO_UDP), tls = new_client(IPPROTO_TCP);
		enum cw_recognition is = CW_RECOGNITION_NOT_YET;
		for (uint32_t d = 0; d < count && is == CW_RECOGNITION_NOT_YET; d++)
			is = give_udp(&quic, &datagrams[(d + first) % count], 0);
		CHECK(has_name ? is_named(is, "made.example") : is == CW_RECOGNITION_NONE);
		make_records(&stream, &message, 1000);
		uint32_t cuts[4] = { 1 + check_below(stream.length - 1), 1 + check_below(stream.length - 1), stream.length };
		if (cuts[0] > cuts[1])
			cuts[3] = cuts[0], cuts[0] = cuts[1], cuts[1] = cuts[3];
		/* What it says next to them in a train, and what is none of it, does no harm. */
		struct bytes train = datagrams[0];
		add_hex(&train, "d000000001081122334455667788000041");
		quic = new_client(IPPROTO_UDP);
		CHECK(count > 1 || give_udp(&quic, &train, datagrams[0].length) == (has_name ? CW_RECOGNITION_NAMED : CW_RECOGNITION_NONE));
		/* The first, the end, the middle, which also comes with what was there before. */
		is = give_tcp(&tls, &stream, 0, cuts[0], 16);
		if (is == CW_RECOGNITION_NOT_YET)
			is = give_tcp(&tls, &stream, cuts[1], cuts[2] - cuts[1], 24);
		if (is == CW_RECOGNITION_NOT_YET)
			is = give_tcp(&tls, &stream, cuts[0] / 2, cuts[1] - cuts[0] / 2, 16);
		CHECK(has_name ? is_named(is, "made.example") : is == CW_RECOGNITION_NONE);
	}
}

static void looks_at_so_many_packets(void)
{
	struct bytes stream = { 0 };
	struct client client = new_client(IPPROTO_TCP);

	make_hello(&stream, NAME, 0, 0, 0);
	struct bytes message = stream;
	make_records(&stream, &message, 2000);
	for (uint32_t i = 0; i < 10; i++)
		CHECK(give_tcp(&client, &stream, 0, 0, 16) == CW_RECOGNITION_NOT_YET);
	for (uint32_t i = 0; i < CW_SERVER_NAME_PACKETS; i++)
		CHECK(give_tcp(&client, &stream, i, 1, 16) ==
		      (i + 1 < CW_SERVER_NAME_PACKETS ? CW_RECOGNITION_NOT_YET : CW_RECOGNITION_NONE));
	CHECK(give_tcp(&client, &stream, 4, stream.length - 4, 16) == CW_RECOGNITION_NONE);
	/* A SYN may bring data, whose first byte comes after the SYN's own number. */
	client = new_client(IPPROTO_TCP);
	CHECK(give_tcp(&client, &stream, 0, 7, 2) == CW_RECOGNITION_NOT_YET);
	client.sequence++;
	CHECK(is_named(give_tcp(&client, &stream, 7, stream.length - 7, 16), NAME));
	/* What goes on forever is given up. */
	static struct bytes endless = { .length = 6000, .at = "GET / HTTP/1.1\r\n" };
	memset(endless.at + 16, 'a', endless.length - 16);
	client = new_client(IPPROTO_TCP);
	CHECK(give_tcp(&client, &endless, 0, 6000, 16) == CW_RECOGNITION_NONE);
	client = new_client(IPPROTO_TCP);
	CHECK(give_tcp(&client, &endless, 0, 3000, 16) == CW_RECOGNITION_NOT_YET);
	CHECK(give_tcp(&client, &endless, 3000, 3000, 16) == CW_RECOGNITION_NONE);
}

static void knows_what_has_no_name(void)
{
	static const char *const datagrams[] = { "12340100000100000000000003777777", "16fefd00000000000000000050010000",
						 "80600001000000a0deadbeef00000000", "4512345678", "00", "c0ff00001d08" };
	struct bytes big = { 0 };
	struct client client = new_client(IPPROTO_UDP);

	for (uint32_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
		struct bytes datagram = { 0 };
		add_hex(&datagram, datagrams[i]);
		client = new_client(IPPROTO_UDP);
		CHECK(give_udp(&client, &datagram, 0) == CW_RECOGNITION_NONE);
	}
	/* A version that is not known may be followed by one that is. */
	add_hex(&big, "caff00001d0811223344556677880000");
	big.length = 1200;
	client = new_client(IPPROTO_UDP);
	CHECK(give_udp(&client, &big, 0) == CW_RECOGNITION_NOT_YET);
	big.length = 1199;
	CHECK(give_udp(&client, &big, 0) == CW_RECOGNITION_NONE);
	client = new_client(IPPROTO_ICMP);
	CHECK(give_udp(&client, &big, 0) == CW_RECOGNITION_NONE);
}

/* When more flows wait than there is room for, the oldest is given up; what waits for long goes on no more. */
static void waits_for_so_many_and_so_long(void)
{
	static struct client clients[CW_SERVER_NAME_WAITING + 2];
	struct bytes message, stream;
	uint64_t evicted = cw_server_names_evicted(names);
	const uint32_t count = sizeof(clients) / sizeof(clients[0]);

	now_us += 2 * CW_SERVER_NAME_US;
	make_hello(&message, NAME, 0, 0, 0);
	make_records(&stream, &message, 2000);
	for (uint32_t i = 0; i < count; i++) {
		clients[i] = new_client(IPPROTO_TCP);
		now_us += 10;
		CHECK(give_tcp(&clients[i], &stream, 0, 20, 16) == CW_RECOGNITION_NOT_YET);
	}
	CHECK(cw_server_names_evicted(names) == evicted + 2);
	for (uint32_t i = 0; i < count; i += 2) {
		enum cw_recognition is = give_tcp(&clients[i], &stream, 20, stream.length - 20, 16);
		CHECK(i < 2 ? is == CW_RECOGNITION_NONE : is_named(is, NAME));
	}
	now_us += CW_SERVER_NAME_US;
	for (uint32_t i = 3; i < count; i += 2)
		CHECK(give_tcp(&clients[i], &stream, 20, stream.length - 20, 16) == CW_RECOGNITION_NONE);
	CHECK(cw_server_names_evicted(names) == evicted + 2);
	/* A flow that is met anew does not go on with what came before. */
	struct client again = clients[0];
	again.looked = 0;
	CHECK(give_tcp(&again, &stream, 0, 20, 16) == CW_RECOGNITION_NOT_YET);
	again.looked = 0;
	CHECK(is_named(give_tcp(&again, &stream, 0, stream.length, 16), NAME));
}

static void opens_so_many_a_second(void)
{
	struct bytes datagram = { 0 };
	uint32_t named = 0;

	add_hex(&datagram, first_vectors[0].parts[0]);
	now_us = (now_us / 1000000 + 1) * 1000000;
	for (uint32_t i = 0; i < CW_SERVER_NAME_QUIC_PER_SECOND + 100; i++) {
		struct client client = new_client(IPPROTO_UDP);
		named += is_named(give_udp(&client, &datagram, 0), first_vectors[0].name);
	}
	CHECK(named == CW_SERVER_NAME_QUIC_PER_SECOND && cw_server_names_limited(names) == 100);
	now_us += 1000000;
	struct client client = new_client(IPPROTO_UDP);
	CHECK(is_named(give_udp(&client, &datagram, 0), first_vectors[0].name));
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	CHECK(CRYPTO_set_mem_functions(count_malloc, count_realloc, plain_free) == 1);
	if (!CHECK(cw_server_names_open(&names) == 0))
		return check_result();
	uint64_t before = allocations;
	knows_quic_clients();
	knows_tls_clients();
	knows_what_was_overtaken();
	looks_at_so_many_packets();
	knows_what_has_no_name();
	waits_for_so_many_and_so_long();
	opens_so_many_a_second();
	CHECK(before > 0 && allocations == before);
	knows_what_was_made();
	cw_server_names_close(names);
	cw_server_names_close(NULL);
	return check_result();
}
