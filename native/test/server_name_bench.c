/*
 * Nanoseconds that it takes to learn the server name of a flow from all its first packets, for each client of the vectors.
 * Not a test: it judges nothing. The median of the rounds is printed, for the machine may be shared.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "first_bytes.h"
#include "graph/server-name.h"
#include "server_name_vectors.h"

#define ROUNDS 15
#define FLOWS 500
#define MADE 64

static uint8_t parts[VECTOR_PARTS][2048];
static uint32_t lengths[VECTOR_PARTS];

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

/* The parts with a header before each; a TCP stream in two segments. */
static uint32_t load(const struct first_vector *vector)
{
	uint32_t count = 0;

	memset(parts, 0, sizeof(parts));
	for (uint32_t p = 0; p < VECTOR_PARTS && vector->parts[p] != NULL; p++, count++) {
		const char *hex = vector->parts[p];
		uint32_t at = vector->is_quic ? 8 : 20;
		for (; *hex != '\0'; hex += 2) {
			const char pair[3] = { hex[0], hex[1], 0 };
			parts[p][at++] = (uint8_t)strtoul(pair, NULL, 16);
		}
		lengths[p] = at;
		parts[p][12] = vector->is_quic ? parts[p][12] : 0x50;
	}
	if (vector->is_quic || lengths[0] < 1400)
		return count;
	memcpy(parts[1] + 20, parts[0] + 1400, lengths[0] - 1400);
	parts[1][12] = 0x50;
	parts[1][6] = (1400 - 20) >> 8;
	parts[1][7] = (1400 - 20) & 0xff;
	lengths[1] = lengths[0] - 1400 + 20;
	lengths[0] = 1400;
	return 2;
}

/* Flows of QUIC of two datagrams, each of an id of its own, as flows are: their keys are made anew. */
static double measure_made(struct cw_server_names *names)
{
	static struct bytes datagrams[MADE][2], hello;
	char name[CW_HOST_NAME_BYTES];
	double ns[ROUNDS];

	make_hello(&hello, "portal.crm.example", 5, 0, 700);
	for (uint32_t flow = 0; flow < MADE; flow++) {
		struct initial initial = { .id_len = 8, .number_len = 1 };
		uint32_t half = hello.length / 2;
		check_fill(initial.id, sizeof(initial.id));
		for (uint32_t d = 0; d < 2; d++) {
			struct bytes frames = { 0 };
			add_crypto(&frames, &hello, d * half, d == 0 ? half : hello.length - half);
			datagrams[flow][d].length = 8;
			add_initial(&datagrams[flow][d], &initial, &frames, 1258);
		}
	}
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns();
		for (uint32_t flow = 0; flow < MADE; flow++) {
			struct cw_flow_key key = { .source_port = (uint16_t)flow, .protocol = IPPROTO_UDP };
			uint8_t looked = 0;
			for (uint32_t d = 0; d < 2; d++) {
				struct bytes *datagram = &datagrams[flow][d];
				struct cw_first_packet packet = { &key, datagram->at, datagram->length, 0, NULL };
				cw_server_name_read(names, &packet, &looked, (uint64_t)round * 1000000, name);
			}
		}
		ns[round] = (now_ns() - start) / MADE;
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), by_value);
	return ns[ROUNDS / 2];
}

int main(void)
{
	struct cw_server_names *names;
	char name[CW_HOST_NAME_BYTES];
	uint64_t now_us = 1000000;

	if (cw_server_names_open(&names) != 0)
		return 1;
	printf("%-36s %8s %10s\n", "client; QUIC's with its keys kept", "packets", "ns a flow");
	for (uint32_t i = 0; i < sizeof(first_vectors) / sizeof(first_vectors[0]); i++) {
		double ns[ROUNDS];
		uint32_t count = load(&first_vectors[i]);
		for (int round = 0; round < ROUNDS; round++) {
			double start = now_ns();
			now_us += 1000000;
			for (uint32_t flow = 0; flow < FLOWS; flow++) {
				struct cw_flow_key key = { .source_port = (uint16_t)flow,
							   .protocol = first_vectors[i].is_quic ? IPPROTO_UDP :
												  IPPROTO_TCP };
				uint8_t looked = 0;
				for (uint32_t p = 0; p < count; p++) {
					struct cw_first_packet packet = { &key, parts[p], lengths[p], 0, NULL };
					cw_server_name_read(names, &packet, &looked, now_us, name);
				}
			}
			ns[round] = (now_ns() - start) / FLOWS;
		}
		qsort(ns, ROUNDS, sizeof(ns[0]), by_value);
		printf("%-36s %8u %10.0f\n", first_vectors[i].source, count, ns[ROUNDS / 2]);
	}
	printf("%-36s %8u %10.0f\n", "QUIC, keys of each flow", 2, measure_made(names));
	cw_server_names_close(names);
	return 0;
}
