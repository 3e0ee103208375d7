/*
 * Every reason for which the dataplane drops a packet. A drop without a name does not exist: whoever frees a
 * packet that was not sent calls cw_drop() with one of these. Names are part of the local API and of metrics.
 */
#ifndef CW_DROP_H
#define CW_DROP_H

/* X(constant, name): what it means stands beside it. */
#define CW_DROPS(X)                                                                              \
	/* receiving */                                                                          \
	X(RX_OVERFLOW, "rx_overflow")         /* the kernel's queue of a NIC was full */         \
	X(RX_TRUNCATED, "rx_truncated")       /* larger than the largest buffer */               \
	X(RX_OFFLOAD, "rx_offload")           /* an offload that no port of ours asked for */    \
	X(VLAN, "vlan")                       /* a tag, or none, that no port of the NIC has */  \
	X(RX_MALFORMED, "rx_malformed")       /* headers that contradict the length */           \
	X(NO_BUFFER, "no_buffer")             /* packet memory is used up */                     \
	/* classify and route */                                                                 \
	X(ACL, "acl")                         /* a rule says so */                               \
	X(SEGMENT, "segment")                 /* between two segments, and no rule allows it */ \
	X(NO_ROUTE, "no_route")               /* from the box into a segment, but no such prefix */ \
	X(LINK_SCOPE, "link_scope")           /* multicast or link-local where there is no link */ \
	X(TRANSIT, "transit")                 /* opened from one peer, routed to another, and this is no way between them */ \
	X(TRANSIT_BACK, "transit_back")       /* in transit, and only the peer that sent it has the prefix */ \
	X(TRANSIT_HUB, "transit_hub")         /* in transit from a hub, and only hubs have the prefix */ \
	X(TOO_BIG, "too_big")                 /* larger than the path's inner MTU, DF set */     \
	X(POLICY, "policy")                   /* no path that its policy allows */                \
	X(BREAKOUT, "breakout")               /* a policy keeps it from the Internet here, or could */ \
	X(NO_SESSION, "no_session")           /* no keypair for the peer; waited in vain */      \
	X(NEIGHBOUR, "neighbour")             /* nobody answered for the next hop, or not yet, and more wait */ \
	X(NO_UPLINK_ROUTE, "no_uplink_route") /* the uplink has no route to the peer's address */ \
	/* sealing */                                                                            \
	X(KEY_EXHAUSTED, "key_exhausted")     /* 2^30 packets under one key */                   \
	X(SEAL, "seal")                       /* the cipher refused */                           \
	/* the overlay port */                                                                   \
	X(OVERLAY_UNKNOWN, "overlay_unknown")     /* first byte of no known kind, or reserved */ \
	X(HANDSHAKE_SIZE, "handshake_size")       /* 0xD4–0xD7 of a wrong size */                \
	X(HANDSHAKE_MAC1, "handshake_mac1")       /* mac1 fits none of our keys */               \
	X(HANDSHAKE_RATE, "handshake_rate")       /* more than the gateway should be asked */    \
	X(HANDSHAKE_SOURCE, "handshake_source")   /* more than one source should ask */          \
	X(HANDSHAKE_COOKIE, "handshake_cookie")   /* either, answered with a cookie */           \
	X(HANDSHAKE_UNASKED, "handshake_unasked") /* a cookie or challenge for no handshake of ours */ \
	X(STUN_RATE, "stun_rate")                 /* more questions than the gateway should be asked */ \
	X(STUN_UNASKED, "stun_unasked")           /* an answer to no question of ours, or once more */ \
	X(STUN_TYPE, "stun_type")                 /* neither a question nor an answer */         \
	X(SEALED_LENGTH, "sealed_length")         /* too short, or flags set */                  \
	X(SEALED_INDEX, "sealed_index")           /* no keypair has this receiver index */       \
	X(SEALED_REPLAY, "sealed_replay")         /* counter seen before or too old */           \
	X(SEALED_LANES, "sealed_lanes")           /* no replay window left for a new lane */     \
	X(SEALED_TAG, "sealed_tag")               /* authentication failed */                    \
	X(GENEVE, "geneve")                       /* version, options or protocol not ours */    \
	X(INNER_SEGMENT, "inner_segment")         /* VNI unknown here, or not this peer's */     \
	X(INNER_SOURCE, "inner_source")           /* not a prefix of this peer in this segment */ \
	X(INNER_MALFORMED, "inner_malformed")     /* inner headers contradict the length */      \
	/* relayed datagrams, as a relay and as an end */                                        \
	X(OVERLAY_SOURCE, "overlay_source")       /* from what is no address of one host */      \
	X(RELAY_CHANNEL, "relay_channel")         /* by no channel, or one that leads nowhere here */ \
	X(RELAY_TYPE, "relay_type")               /* what is inside is of no kind that is relayed, or too short for it */ \
	X(RELAY_RATE, "relay_rate")               /* more than the channel may carry */          \
	X(RELAY_PEER, "relay_peer")               /* the other end, or the relay, is not reached */ \
	X(RELAY_SIZE, "relay_size")               /* more than the path takes that it would go by */ \
	/* pieces of inner packets: each is counted */                                           \
	X(REASSEMBLY_MALFORMED, "reassembly_malformed") /* what no sender makes of a packet */   \
	X(REASSEMBLY_OVERLAP, "reassembly_overlap")     /* bytes that are here already */        \
	X(REASSEMBLY_TIMEOUT, "reassembly_timeout")     /* the rest did not come within 1 s */   \
	X(REASSEMBLY_FULL, "reassembly_full")           /* too many packets in pieces at once */ \
	X(ECN, "ecn")                             /* CE outside, not ECN-capable inside: RFC 6040 */ \
	X(CONTROL_MALFORMED, "control_malformed") /* a control item of a wrong length */         \
	/* waiting for an uplink whose rate is known */                                          \
	X(QUEUE_DELAY, "queue_delay")         /* its flow has waited too long: CoDel, RFC 8289 */ \
	X(QUEUE_FULL, "queue_full")           /* more waits than the link carries in 200 ms */   \
	/* waiting on its way in from the Internet, and for its segment's limit: the same of each */ \
	X(INGRESS_DELAY, "ingress_delay")                                                         \
	X(INGRESS_FULL, "ingress_full")                                                           \
	X(LIMIT_DELAY, "limit_delay")                                                             \
	X(LIMIT_FULL, "limit_full")                                                               \
	/* sending */                                                                            \
	X(TX_FULL, "tx_full")                 /* the kernel's queue stayed full */               \
	X(TX_REFUSED, "tx_refused")           /* the kernel refused the frame */                 \
	X(TX_DOWN, "tx_down")                 /* the NIC or twin is down */                      \
	/* what there was no room for, though the packet itself went on */                       \
	X(PATH_FULL, "path_full")             /* a way of a peer's has no place among its paths */ \
	X(SERVER_NAME_FULL, "server_name_full") /* a flow's beginning went for that of another */ \
	X(SERVER_NAME_RATE, "server_name_rate") /* a QUIC packet was not opened for its name */  \
	/* the border */                                                                         \
	X(EVENT_FULL, "event_full")           /* the gateway does not take its events */

enum cw_drop {
#define X(constant, name) CW_DROP_##constant,
	CW_DROPS(X)
#undef X
	CW_DROP_COUNT,
};

extern const char *const cw_drop_names[CW_DROP_COUNT];

#endif
