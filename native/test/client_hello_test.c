/*
 * Names of servers out of ClientHellos, of requests, and against rules: what real clients sent and what was made, cut
 * off after every byte, and with every byte changed.
 */
#include "first_bytes.h"
#include "graph/client-hello.h"
#include "graph/http-request.h"
#include "server_name_vectors.h"

/* Each call gets a block of just the size, so that a sanitizer sees who reads behind it. */
static enum cw_recognition read_with(enum cw_recognition (*reader)(const uint8_t *, uint32_t, char *),
				     const uint8_t *bytes, uint32_t length, char *name)
{
	uint8_t *exact = malloc(length == 0 ? 1 : length);

	memcpy(exact, bytes, length);
	enum cw_recognition is = reader(exact, length, name);
	free(exact);
	return is;
}

/* A beginning is never taken for something else; from some byte on the answer is there, and stays. */
static void every_beginning_waits(enum cw_recognition (*reader)(const uint8_t *, uint32_t, char *),
				  const uint8_t *bytes, uint32_t length, const char *wanted)
{
	enum cw_recognition end = wanted != NULL ? CW_RECOGNITION_NAMED : CW_RECOGNITION_NONE;
	bool is_told = false;

	for (uint32_t cut = 0; cut <= length; cut++) {
		char name[CW_HOST_NAME_BYTES] = "";
		enum cw_recognition is = read_with(reader, bytes, cut, name);
		bool is_right = is_told || cut == length ? is == end : is == end || is == CW_RECOGNITION_NOT_YET;
		if (!CHECK(is_right && (is != CW_RECOGNITION_NAMED || strcmp(name, wanted) == 0)))
			return;
		is_told = is == end;
	}
	CHECK(is_told);
}

static void reads_what_clients_send(void)
{
	for (uint32_t i = 0; i < sizeof(first_vectors) / sizeof(first_vectors[0]); i++) {
		const struct first_vector *vector = &first_vectors[i];
		struct bytes stream = { 0 };
		if (vector->is_quic)
			continue;
		add_hex(&stream, vector->parts[0]);
		every_beginning_waits(cw_tls_name, stream.at, stream.length,
				      vector->name[0] == '\0' ? NULL : vector->name);
	}
}

static void reads_what_was_made(void)
{
	for (uint32_t round = 0; round < 300; round++) {
		struct bytes message, stream;
		bool is_named = check_below(8) != 0;
		make_hello(&message, is_named ? "Mail.Example.ORG" : NULL, check_below(8), check_below(4), 200);
		every_beginning_waits(cw_client_hello_name, message.at, message.length,
				      is_named ? "mail.example.org" : NULL);
		make_records(&stream, &message, 1 + check_below(check_below(2) ? 30 : 2000));
		if (stream.length <= CW_HELLO_MAX)
			every_beginning_waits(cw_tls_name, stream.at, stream.length,
					      is_named ? "mail.example.org" : NULL);
	}
}

/* Whatever is changed, nothing is read that is not there, and a name is one by its form. */
static void survives_every_change(void)
{
	struct bytes message, stream;
	char name[CW_HOST_NAME_BYTES], again[CW_HOST_NAME_BYTES];

	make_hello(&message, "a.example", 2, 2, 30);
	make_records(&stream, &message, 100);
	for (uint32_t at = 0; at < stream.length; at++) {
		uint8_t was = stream.at[at];
		for (uint32_t value = 0; value < 256; value++) {
			stream.at[at] = (uint8_t)value;
			if (read_with(cw_tls_name, stream.at, stream.length, name) != CW_RECOGNITION_NAMED)
				continue;
			CHECK(cw_host_name_read((uint8_t *)name, (uint32_t)strlen(name), again) &&
			      strcmp(name, again) == 0);
		}
		stream.at[at] = was;
	}
}

static void knows_what_is_no_hello(void)
{
	static const struct {
		const char *bytes;
		uint32_t length;
	} others[] = {
		{ "SSH-2.0-OpenSSH_9.2\r\n", 21 },
		{ "\x16\x03\x03\x00\x7a\x02\x00\x00\x76", 9 },         /* of a server */
		{ "\x16\x02\x00\x00\x7a\x01\x00\x00\x76", 9 },
		{ "\x16\x03\x01\x40\x01\x01\x00\x00\x76", 9 },         /* longer than records are */
		{ "\x16\x03\x01\x00\x00\x01\x00\x00\x76", 9 },
		{ "\x17\x03\x03\x00\x20\x01\x00\x00\x76", 9 },         /* from the middle of a connection */
		{ "\x80\x2e\x01\x03\x01\x00\x15\x00\x00", 9 },         /* SSL 2 */
		{ "\x16\x03\x01\x00\x04\x01\x00\x00\x00", 9 },         /* empty */
		{ "\x00", 1 },
	};
	char name[CW_HOST_NAME_BYTES];

	for (uint32_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK(read_with(cw_tls_name, (const uint8_t *)others[i].bytes, others[i].length, name) ==
		      CW_RECOGNITION_NONE);
}

static void reads_the_host_of_a_request(void)
{
	static const struct {
		const char *request;
		const char *name; /* NULL: none */
	} requests[] = {
		{ "GET /status HTTP/1.1\r\nHost: portal.crm.example\r\nUser-Agent: curl/7.88.1\r\n\r\n",
		  "portal.crm.example" },
		{ "POST / HTTP/1.1\r\nAccept: */*\r\nhOsT:\tMAIL.example:8080 \r\n\r\n", "mail.example" },
		{ "CONNECT a.example:443 HTTP/1.1\nhost: a.example:443\n\n", "a.example" },
		{ "GET /?q=Host:%20x HTTP/1.0\r\nX-Host: b.example\r\n\r\n", NULL },
		{ "GET / HTTP/1.1\r\n\r\nHost: behind.example\r\n", NULL },
		{ "GET / HTTP/1.1\r\nHost: \r\n\r\n", NULL },
		{ "GET / HTTP/1.1\r\nHost: 192.0.2.7:80\r\n\r\n", NULL },
		{ "GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", NULL },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NULL },
		{ "EHLO mail.example\r\n", NULL },
		{ "METHODTHATISTOOLONG / HTTP/1.1\r\n", NULL },
		{ " GET / HTTP/1.1\r\n", NULL },
		{ "GET", "" },
	};
	char name[CW_HOST_NAME_BYTES] = "";

	for (uint32_t i = 0; i < sizeof(requests) / sizeof(requests[0]) - 1; i++)
		every_beginning_waits(cw_http_name, (const uint8_t *)requests[i].request,
				      (uint32_t)strlen(requests[i].request), requests[i].name);
	CHECK(cw_http_name((const uint8_t *)"GET", 3, name) == CW_RECOGNITION_NOT_YET);
	CHECK(cw_http_name((const uint8_t *)"get / HTTP/1.1\r\n", 16, name) == CW_RECOGNITION_NONE);
}

static void names_have_a_form(void)
{
	static const struct {
		const char *text;
		const char *name; /* NULL: none */
	} texts[] = {
		{ "Example.COM", "example.com" }, { "example.com.", "example.com" }, { "a", "a" },
		{ "_dmarc.x-y.example", "_dmarc.x-y.example" }, { "1.example1", "1.example1" },
		{ "", NULL }, { ".", NULL }, { "..", NULL }, { "a..b", NULL }, { ".a", NULL }, { "a b", NULL },
		{ "10.1.2.3", NULL }, { "2001:db8::1", NULL }, { "a/b", NULL }, { "*.example", NULL },
		{ "b\xc3\xbc" "cher.example", NULL },
	};
	uint8_t longest[260];
	char name[CW_HOST_NAME_BYTES];

	for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bool is_name = cw_host_name_read((const uint8_t *)texts[i].text, (uint32_t)strlen(texts[i].text), name);
		CHECK(is_name == (texts[i].name != NULL) && (!is_name || strcmp(name, texts[i].name) == 0));
	}
	for (uint32_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 64 == 63 ? '.' : 'x';
	CHECK(cw_host_name_read(longest, 253, name) && strlen(name) == 253);
	CHECK(!cw_host_name_read(longest, 254, name));
	longest[63] = 'x';
	CHECK(!cw_host_name_read(longest, 100, name) && cw_host_name_read(longest, 63, name));
	CHECK(!cw_host_name_read((const uint8_t *)"a\0b", 3, name));
}

static void rules_fit_names(void)
{
	static const struct {
		const char *pattern, *name;
		bool fits;
	} pairs[] = {
		{ "example.com", "example.com", true },      { "Example.COM", "example.com", true },
		{ "example.com", "www.example.com", false }, { "example.com", "example.co", false },
		{ "example.com", "example.com.au", false },  { "*.example.com", "www.example.com", true },
		{ "*.Example.com", "a.b.example.com", true }, { "*.example.com", "example.com", false },
		{ "*.example.com", "myexample.com", false }, { "*.example.com", "com", false },
		{ "*.example.com", "www.example.org", false }, { "*", "example.com", false },
		{ "*.", "example.com", false },		     { "", "example.com", false },
		{ "*example.com", "example.com", false },
	};

	for (uint32_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		CHECK(cw_server_name_fits(pairs[i].pattern, pairs[i].name) == pairs[i].fits);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	reads_what_clients_send();
	reads_what_was_made();
	survives_every_change();
	knows_what_is_no_hello();
	reads_the_host_of_a_request();
	names_have_a_form();
	rules_fit_names();
	return check_result();
}
