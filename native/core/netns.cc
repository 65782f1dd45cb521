#include "core/netns.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "core/netlink.h"
#include "core/userns.h"

namespace tsd::netns {

namespace {

constexpr size_t stack_bytes = 64 * 1024;

// Runs `work(argument)` on a fresh thread and waits for it.
Status on_own_thread(void* (*work)(void*), void* argument) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_t thread;
  int failed = pthread_create(&thread, &attributes, work, argument);
  pthread_attr_destroy(&attributes);
  if (failed) return Error{failed, "pthread_create", "network namespace"};
  pthread_join(thread, nullptr);
  return {};
}

// A sysctl of the calling thread's namespace. Best effort: a kernel without the feature has no such file.
void write_sysctl(const char* path, const char* value) {
  UniqueFd fd(open(path, O_WRONLY | O_CLOEXEC));
  if (!fd) return;
  [[maybe_unused]] ssize_t written = write(fd.get(), value, strlen(value));
}

struct CreateWork {
  int userns_fd;
  Netns made;
  Status status;
};

Status enter_new(int userns_fd, Netns* out) {
  if (userns_fd >= 0) {
    Result<UniqueFd> owned = userns::network_namespace_of(userns_fd);
    if (!owned.ok()) return owned.error();
    out->ns = std::move(owned.value());
    return setns(out->ns.get(), CLONE_NEWNET) < 0 ? Status(last_error("setns", "network namespace")) : Status();
  }
  if (unshare(CLONE_NEWNET) < 0) return last_error("unshare", "network namespace");
  out->ns.reset(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!out->ns) return last_error("open", "network namespace", "/proc/thread-self/ns/net");
  return {};
}

Status create_here(int userns_fd, Netns* out) {
  if (const Status entered = enter_new(userns_fd, out); !entered.ok()) return entered;
  write_sysctl("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
  write_sysctl("/proc/sys/net/ipv4/conf/default/arp_notify", "1");
  Result<UniqueFd> socket = netlink::open_socket(NETLINK_ROUTE);
  if (!socket.ok()) return socket.error();
  out->rtnetlink = std::move(socket.value());
  return {};
}

void* run_create(void* argument) {
  auto* work = static_cast<CreateWork*>(argument);
  work->status = create_here(work->userns_fd, &work->made);
  return nullptr;
}

struct SocketWork {
  int ns_fd = -1;
  int netlink_family = -1;  // -1: bind_port(where)
  const SocketAddress* where = nullptr;
  UniqueFd made;
  Status status;
};

void* run_socket(void* argument) {
  auto* work = static_cast<SocketWork*>(argument);
  if (setns(work->ns_fd, CLONE_NEWNET) < 0) {
    work->status = last_error("setns", "network namespace");
    return nullptr;
  }
  Result<UniqueFd> socket =
      work->netlink_family >= 0 ? netlink::open_socket(work->netlink_family) : bind_port(*work->where);
  if (socket.ok())
    work->made = std::move(socket.value());
  else
    work->status = socket.error();
  return nullptr;
}

Result<UniqueFd> socket_inside(SocketWork* work) {
  Status ran = on_own_thread(run_socket, work);
  if (!ran.ok()) return ran.error();
  if (!work->status.ok()) return work->status.error();
  return std::move(work->made);
}

}  // namespace

Result<Netns> create(int userns_fd) {
  CreateWork work{userns_fd};
  Status ran = on_own_thread(run_create, &work);
  if (!ran.ok()) return ran.error();
  if (!work.status.ok()) return work.status.error();
  return std::move(work.made);
}

Result<UniqueFd> netlink_socket_in(int ns_fd, int family) {
  SocketWork work;
  work.ns_fd = ns_fd;
  work.netlink_family = family;
  return socket_inside(&work);
}

Result<UniqueFd> bind_port(const SocketAddress& where) {
  UniqueFd fd(socket(where.domain, where.type | SOCK_CLOEXEC, where.protocol));
  if (!fd) return last_error("socket", "bind port");
  int on = 1;
  bool stream = where.type == SOCK_STREAM;
  if (stream && setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
    return last_error("setsockopt", "bind port");
  if (where.domain == AF_INET6 && setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
    return last_error("setsockopt", "bind port");
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&where.address), where.size) < 0)
    return last_error("bind", "bind port");
  if (stream && listen(fd.get(), 128) < 0) return last_error("listen", "bind port");
  return fd;
}

Result<UniqueFd> bind_port_in(int ns_fd, const SocketAddress& where) {
  SocketWork work;
  work.ns_fd = ns_fd;
  work.where = &where;
  return socket_inside(&work);
}

}  // namespace tsd::netns
