// Datagrams to unix sockets of the host, which node cannot send: syslog's and the journal's.
#include <errno.h>
#include <sys/socket.h>

#include <memory>

#include "addon/binding.h"
#include "addon/convert.h"
#include "addon/poll.h"
#include "core/fd_passing.h"

namespace tsd::addon {
namespace {

// A connected datagram socket that does not block.
Napi::Value connect_datagram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string path;
  if (!to_string(info[0], "path", &path)) return env.Undefined();
  auto socket = connect_unix(path, SOCK_DGRAM | SOCK_NONBLOCK);
  if (!socket.ok()) return fail(env, socket.error());
  return Napi::Number::New(env, socket.value().release());
}

// False: the receiver's queue is full.
Napi::Value send_datagram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  MessageArguments message;
  if (!to_message(info, &message)) return env.Undefined();
  const auto& [socket, data, fds] = message;
  const Status sent = send_fds(socket, data.Data(), data.Length(), fds.data(), fds.size());
  if (sent.ok()) return Napi::Boolean::New(env, true);
  if (sent.error().errnum == EAGAIN) return Napi::Boolean::New(env, false);
  return fail(env, sent.error());
}

Napi::Value writable(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int fd = -1;
  if (!to_int(info[0], "fd", &fd)) return env.Undefined();
  auto deferred = std::make_shared<Napi::Promise::Deferred>(env);
  const int error =
      when_writable(env, fd, false, [deferred](Napi::Env inner) { deferred->Resolve(inner.Undefined()); });
  if (error < 0) deferred->Reject(system_error(env, Error{-error, "epoll_ctl", "wait", ""}).Value());
  return deferred->Promise();
}

// Wakes who waits for room to write; there will be none.
Napi::Value shut_datagram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int socket = -1;
  if (to_int(info[0], "socket", &socket)) shutdown(socket, SHUT_RDWR);
  return env.Undefined();
}

}  // namespace

void export_datagram(Napi::Env env, Napi::Object exports) {
  exports.Set("connectDatagram", Napi::Function::New(env, connect_datagram));
  exports.Set("sendDatagram", Napi::Function::New(env, send_datagram));
  exports.Set("shutDatagram", Napi::Function::New(env, shut_datagram));
  exports.Set("writable", Napi::Function::New(env, writable));
}

}  // namespace tsd::addon
