// Descriptors: memory files, sockets, and passing descriptors between processes.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>

#include "addon/binding.h"
#include "addon/convert.h"
#include "addon/poll.h"
#include "core/fd_passing.h"

namespace tsd::addon {
namespace {

// A sealed file in memory with these bytes, open at offset 0.
Napi::Value memory_file(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsBuffer()) {
    Napi::TypeError::New(env, "data must be a Buffer").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const auto data = info[0].As<Napi::Buffer<char>>();
  UniqueFd file(static_cast<int>(syscall(SYS_memfd_create, "tsd-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
  if (!file) return fail(env, last_error("memfd_create"));
  for (size_t done = 0; done < data.Length();) {
    const ssize_t written = write(file.get(), data.Data() + done, data.Length() - done);
    if (written < 0) return fail(env, last_error("write"));
    done += static_cast<size_t>(written);
  }
  lseek(file.get(), 0, SEEK_SET);
  fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return Napi::Number::New(env, file.release());
}

Napi::Value connected_pair(Napi::Env env, int type) {
  int fds[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) < 0) return fail(env, last_error("socketpair"));
  Napi::Array result = Napi::Array::New(env, 2);
  result.Set(0u, fds[0]);
  result.Set(1u, fds[1]);
  return result;
}

Napi::Value socket_pair(const Napi::CallbackInfo& info) {
  return connected_pair(info.Env(), SOCK_SEQPACKET | SOCK_NONBLOCK);
}

Napi::Value stream_pair(const Napi::CallbackInfo& info) { return connected_pair(info.Env(), SOCK_STREAM); }

Napi::Value listen_unix_socket(const Napi::CallbackInfo& info) {
  std::string directory, name;
  if (!to_string(info[0], "directory", &directory) || !to_string(info[1], "name", &name)) return {};
  auto socket = listen_unix(directory.c_str(), name.c_str());
  if (!socket.ok()) return fail(info.Env(), socket.error());
  return Napi::Number::New(info.Env(), socket.value().release());
}

// A connected stream socket, in blocking mode.
Napi::Value connect_unix_socket(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string path;
  if (!to_string(info[0], "path", &path)) return env.Undefined();
  auto socket = connect_unix(path, SOCK_STREAM);
  if (!socket.ok()) return fail(env, socket.error());
  return Napi::Number::New(env, socket.value().release());
}

Napi::Value send_descriptors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  MessageArguments message;
  if (!to_message(info, &message)) return env.Undefined();
  const auto& [socket, data, fds] = message;
  const Status sent = send_fds(socket, data.Data(), data.Length(), fds.data(), fds.size());
  if (!sent.ok()) return fail(env, sent.error());
  return env.Undefined();
}

// Waits for one message: {data, fds}; data is empty when the other side has closed.
Napi::Value receive_descriptors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int socket = -1;
  if (!to_int(info[0], "socket", &socket)) return env.Undefined();
  auto deferred = std::make_shared<Napi::Promise::Deferred>(env);
  const int error = when_readable(env, socket, true, [deferred, socket](Napi::Env inner) {
    char data[4096];
    int fds[kMaxPassedFds];
    auto received = receive_fds(socket, data, sizeof data, fds);
    if (!received.ok()) {
      deferred->Reject(system_error(inner, received.error()).Value());
      return;
    }
    Napi::Array list = Napi::Array::New(inner, received.value().fd_count);
    for (uint32_t i = 0; i < received.value().fd_count; i++) list.Set(i, fds[i]);
    Napi::Object result = Napi::Object::New(inner);
    result.Set("data", Napi::Buffer<char>::Copy(inner, data, received.value().bytes));
    result.Set("fds", list);
    deferred->Resolve(result);
  });
  if (error < 0) deferred->Reject(system_error(env, Error{-error, "epoll_ctl", "receive descriptors", ""}).Value());
  return deferred->Promise();
}

Napi::Value readable(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int fd = -1;
  if (!to_int(info[0], "fd", &fd)) return env.Undefined();
  auto deferred = std::make_shared<Napi::Promise::Deferred>(env);
  const int error = when_readable(env, fd, true, [deferred](Napi::Env inner) { deferred->Resolve(inner.Undefined()); });
  if (error < 0) deferred->Reject(system_error(env, Error{-error, "epoll_ctl", "wait", ""}).Value());
  return deferred->Promise();
}

}  // namespace

void export_fd(Napi::Env env, Napi::Object exports) {
  exports.Set("memoryFile", Napi::Function::New(env, memory_file));
  exports.Set("socketPair", Napi::Function::New(env, socket_pair));
  exports.Set("streamPair", Napi::Function::New(env, stream_pair));
  exports.Set("listenUnix", Napi::Function::New(env, listen_unix_socket));
  exports.Set("connectUnix", Napi::Function::New(env, connect_unix_socket));
  exports.Set("sendFds", Napi::Function::New(env, send_descriptors));
  exports.Set("receiveFds", Napi::Function::New(env, receive_descriptors));
  exports.Set("readable", Napi::Function::New(env, readable));
}

}  // namespace tsd::addon
