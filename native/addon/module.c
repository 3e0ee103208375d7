/*
 * Node-API glue, and nothing else: one engine a process, four functions. Bytes go in and out as copies; the meaning is in
 * causeway_dp.h. Threads of the engine never call JS: they knock on one thread-safe function, which holds at most one
 * knock, and JS then takes the events.
 *
 *   open({memoryMb, flows, ownCpu, noHugepages, aead}, wake)   throws with the part that failed
 *   call(verb, bytes) -> [status, bytes]         status: bytes written or a negative errno
 *   events() -> bytes[]                          at most 256 at once
 *   close()                                      idempotent
 */
#include <errno.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

#include "causeway_dp.h"

#define OUT_BYTES (2u << 20) /* an answer: the counters of 1,024 peers and 8,192 paths are 1.2 MB */
#define EVENTS_AT_ONCE 256

static_assert(OUT_BYTES >= sizeof(struct cw_counters_head) + CW_PORTS_MAX * sizeof(struct cw_port_counters) +
				   CW_PEERS_MAX * sizeof(struct cw_peer_counters) +
				   CW_PROGRAM_PATHS_MAX * sizeof(struct cw_path_counters) + 4096,
	      "all that counts fits into an answer");

struct module {
	struct cw_engine *engine;
	napi_threadsafe_function wake;
	uint8_t out[OUT_BYTES];
};

static napi_value throw_text(napi_env env, const char *text)
{
	napi_throw_error(env, "DATAPATH_REFUSED", text);
	return NULL;
}

static struct module *module_of(napi_env env)
{
	void *module = NULL;

	napi_get_instance_data(env, &module);
	return module;
}

static void knock(void *arg)
{
	struct module *module = arg;

	/* A full queue is a knock that has not been answered yet: one is enough. */
	napi_call_threadsafe_function(module->wake, NULL, napi_tsfn_nonblocking);
}

static void answer_knock(napi_env env, napi_value callback, void *context, void *data)
{
	napi_value undefined;

	(void)context;
	(void)data;
	if (env == NULL || callback == NULL)
		return;
	napi_get_undefined(env, &undefined);
	napi_call_function(env, undefined, callback, 0, NULL, NULL);
}

static void stop(struct module *module)
{
	struct cw_engine *engine = module->engine;

	if (engine == NULL)
		return;
	module->engine = NULL;
	cw_engine_close(engine);
	napi_release_threadsafe_function(module->wake, napi_tsfn_abort);
}

static void clean_up(void *arg)
{
	stop(arg);
}

static void free_module(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	free(data);
}

static bool read_options(napi_env env, napi_value object, struct cw_options *options, char *aead,
			 size_t aead_len)
{
	napi_value value;
	bool no_hugepages = false;
	size_t length;

	if (napi_get_named_property(env, object, "memoryMb", &value) != napi_ok ||
	    napi_get_value_uint32(env, value, &options->memory_mb) != napi_ok)
		return false;
	if (napi_get_named_property(env, object, "flows", &value) != napi_ok ||
	    napi_get_value_uint32(env, value, &options->flows) != napi_ok)
		return false;
	if (napi_get_named_property(env, object, "ownCpu", &value) != napi_ok ||
	    napi_get_value_uint32(env, value, &options->own_cpu) != napi_ok)
		return false;
	if (napi_get_named_property(env, object, "noHugepages", &value) != napi_ok ||
	    napi_get_value_bool(env, value, &no_hugepages) != napi_ok)
		return false;
	if (napi_get_named_property(env, object, "aead", &value) != napi_ok ||
	    napi_get_value_string_utf8(env, value, aead, aead_len, &length) != napi_ok)
		return false;
	options->no_hugepages = no_hugepages;
	options->aead = aead;
	return true;
}

static napi_value open_engine(napi_env env, napi_callback_info info)
{
	struct module *module = module_of(env);
	struct cw_options options = { .wake = knock, .wake_arg = module };
	char aead[32], why[160] = "";
	napi_value argv[2], name;
	size_t argc = 2;

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 2 || !read_options(env, argv[0], &options, aead, sizeof(aead)))
		return throw_text(env, "open({memoryMb, flows, ownCpu, noHugepages, aead}, wake)");
	if (module->engine != NULL)
		return throw_text(env, "an engine runs already in this process");
	napi_create_string_utf8(env, "causeway events", NAPI_AUTO_LENGTH, &name);
	if (napi_create_threadsafe_function(env, argv[1], NULL, name, 1, 1, NULL, NULL, NULL,
					    answer_knock, &module->wake) != napi_ok)
		return throw_text(env, "wake is not a function");
	napi_unref_threadsafe_function(env, module->wake);
	/* Hooks run last one first: the engine must have stopped knocking before the function goes. */
	napi_add_env_cleanup_hook(env, clean_up, module);
	if (cw_engine_open(&options, &module->engine, why, sizeof(why)) != 0) {
		napi_remove_env_cleanup_hook(env, clean_up, module);
		napi_release_threadsafe_function(module->wake, napi_tsfn_abort);
		return throw_text(env, why);
	}
	return NULL;
}

static napi_value call_engine(napi_env env, napi_callback_info info)
{
	struct module *module = module_of(env);
	napi_value argv[2], result, status, bytes;
	napi_typedarray_type type;
	size_t argc = 2, length;
	uint32_t verb;
	void *data;

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 2 || napi_get_value_uint32(env, argv[0], &verb) != napi_ok ||
	    napi_get_typedarray_info(env, argv[1], &type, &length, &data, NULL, NULL) != napi_ok ||
	    type != napi_uint8_array)
		return throw_text(env, "call(verb, Uint8Array)");
	if (module->engine == NULL)
		return throw_text(env, "no engine runs");
	int rc = cw_call(module->engine, verb, data, length, module->out, OUT_BYTES);
	size_t n = rc >= 0 ? (size_t)rc : strnlen((const char *)module->out, OUT_BYTES);
	if (napi_create_buffer_copy(env, n, module->out, NULL, &bytes) != napi_ok)
		return throw_text(env, "no memory for the answer");
	/* Keys pass through here: they must not stay. */
	explicit_bzero(module->out, n < OUT_BYTES ? n + 1 : n);
	napi_create_int32(env, rc, &status);
	napi_create_array_with_length(env, 2, &result);
	napi_set_element(env, result, 0, status);
	napi_set_element(env, result, 1, bytes);
	return result;
}

static napi_value take_events(napi_env env, napi_callback_info info)
{
	struct module *module = module_of(env);
	uint8_t event[CW_EVENT_BYTES_MAX];
	napi_value array, bytes;

	(void)info;
	napi_create_array(env, &array);
	for (uint32_t i = 0; module->engine != NULL && i < EVENTS_AT_ONCE; i++) {
		int length = cw_next_event(module->engine, event, sizeof(event));
		if (length == 0 || napi_create_buffer_copy(env, (size_t)length, event, NULL, &bytes))
			break;
		napi_set_element(env, array, i, bytes);
	}
	return array;
}

static napi_value close_engine(napi_env env, napi_callback_info info)
{
	struct module *module = module_of(env);

	(void)info;
	if (module->engine != NULL)
		napi_remove_env_cleanup_hook(env, clean_up, module);
	stop(module);
	return NULL;
}

NAPI_MODULE_INIT()
{
	const napi_property_descriptor functions[] = {
		{ "open", NULL, open_engine, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "call", NULL, call_engine, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "events", NULL, take_events, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "close", NULL, close_engine, NULL, NULL, NULL, napi_enumerable, NULL },
	};
	struct module *module = calloc(1, sizeof(*module));

	if (module == NULL || napi_set_instance_data(env, module, free_module, NULL) != napi_ok ||
	    napi_define_properties(env, exports, 4, functions) != napi_ok)
		napi_throw_error(env, NULL, "cannot set up the module");
	return exports;
}
