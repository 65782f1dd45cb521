// Netlink sockets: open, send one request buffer, collect its replies. The bytes are made and read elsewhere.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <vector>

#include "core/error.h"
#include "core/fd.h"

namespace tsd::netlink {

// A bound, blocking socket of a netlink family (NETLINK_ROUTE, NETLINK_NETFILTER) in the calling thread's network
// namespace. Extended acks on, requests not echoed in errors, 1 MiB receive buffer, 10 s receive timeout.
Result<UniqueFd> open_socket(int family);

// Sends `request` (one or more whole messages) and reads until the last message that asks for an ack or is a dump has
// been answered; what follows it (the end mark of an nfnetlink batch) is never answered. An error for a first message
// that asked for nothing (the header of a refused batch) also ends it. Returns every reply message, in order. One
// transaction at a time per socket.
Result<std::vector<uint8_t>> transact(int fd, const uint8_t* request, size_t size);

}  // namespace tsd::netlink
