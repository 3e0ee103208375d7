/*
 * Which UDP ports of an uplink are the overlay's: the one that everybody is told, others for peers behind walls that let little
 * out, and those from which sprays leave. The last are shared with whatever the kernel sends from them. And which of a program's
 * ports is an uplink's, by its number.
 */
#ifndef CW_OVERLAY_PORT_H
#define CW_OVERLAY_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "causeway_program.h"

/* NULL: none of `count` is the uplink of that number. */
static inline const struct cw_port_program *cw_uplink_among(const struct cw_port_program *ports, uint32_t count, uint8_t uplink)
{
	for (uint32_t i = 0; i < count; i++) {
		if (ports[i].role == CW_ROLE_UPLINK && ports[i].uplink == uplink)
			return &ports[i];
	}
	return NULL;
}

/* `number` in host order, here and below. */
static inline bool cw_is_overlay_port(const struct cw_port_program *port, uint16_t number)
{
	if (number == port->overlay_port)
		return true;
	for (uint32_t i = 0; i < CW_OVERLAY_PORTS_MAX && port->overlay_ports[i] != 0; i++) {
		if (port->overlay_ports[i] == number)
			return true;
	}
	return false;
}

static inline bool cw_is_spray_port(const struct cw_port_program *port, uint16_t number)
{
	return port->spray_port != 0 && number >= port->spray_port && number - port->spray_port < CW_SPRAY_PORTS;
}

#endif
