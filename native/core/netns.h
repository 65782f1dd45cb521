// Network namespaces. A namespace is made or entered on a thread of its own that ends right after, so no thread of the
// process ever changes its namespace.
#pragma once
#include <netinet/in.h>

#include "core/error.h"
#include "core/fd.h"

namespace tsd::netns {

struct Netns {
  UniqueFd ns;
  // NETLINK_ROUTE socket that lives inside: later work needs only this.
  UniqueFd rtnetlink;
};

// A new namespace, of the user namespace `userns_fd` unless that is -1. New interfaces in it start without IPv6, but
// for lo's ::1, and announce their addresses by ARP.
Result<Netns> create(int userns_fd);

// A netlink socket inside the namespace `ns_fd`.
Result<UniqueFd> netlink_socket_in(int ns_fd, int family);

struct SocketAddress {
  int domain = AF_INET;  // AF_INET or AF_INET6
  int type = SOCK_STREAM;
  int protocol = 0;  // 0, IPPROTO_SCTP
  sockaddr_storage address{};
  socklen_t size = 0;
};

// A socket bound to the address; stream sockets listen. TCP gets SO_REUSEADDR (only TIME_WAIT is in the way otherwise),
// UDP does not (two owners would share the port). IPv6 sockets are IPv6 only.
Result<UniqueFd> bind_port(const SocketAddress& where);

// The same inside the namespace `ns_fd`.
Result<UniqueFd> bind_port_in(int ns_fd, const SocketAddress& where);

}  // namespace tsd::netns
