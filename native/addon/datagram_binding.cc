// Datagrams to unix sockets of the host, which node cannot send: syslog's and the journal's.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>

#include "addon/binding.h"
#include "addon/convert.h"
#include "addon/poll.h"
#include "core/fd_passing.h"

namespace tsd::addon {
namespace {

Napi::Value fail(Napi::Env env, const Error& error) {
  system_error(env, error).ThrowAsJavaScriptException();
  return env.Undefined();
}

// A connected datagram socket that does not block.
Napi::Value connect_datagram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string path;
  if (!to_string(info[0], "path", &path)) return env.Undefined();
  sockaddr_un address{AF_UNIX, {}};
  if (path.size() >= sizeof address.sun_path) return fail(env, Error{ENAMETOOLONG, "connect", "", ""});
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail(env, last_error("socket"));
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    return fail(env, last_error("connect"));
  return Napi::Number::New(env, socket.release());
}

// False: the receiver's queue is full.
Napi::Value send_datagram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int socket = -1;
  std::vector<int> fds;
  if (!to_int(info[0], "socket", &socket) || !to_ints(info[2], "fds", &fds)) return env.Undefined();
  if (!info[1].IsBuffer()) {
    Napi::TypeError::New(env, "data must be a Buffer").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const auto data = info[1].As<Napi::Buffer<char>>();
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
