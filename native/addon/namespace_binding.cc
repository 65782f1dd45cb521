#include <arpa/inet.h>

#include <string>

#include "addon/binding.h"
#include "addon/promise_worker.h"
#include "core/netns.h"
#include "core/userns.h"

namespace tsd::addon {

namespace {

struct CreateUserns {
  std::string uid_map, gid_map;

  Result<UniqueFd> run() { return userns::create(uid_map.c_str(), gid_map.c_str()); }
  Napi::Value value(Napi::Env env, UniqueFd& fd) { return Napi::Number::New(env, fd.release()); }
};

struct CreateNetns {
  int userns_fd;

  Result<netns::Netns> run() { return netns::create(userns_fd); }
  Napi::Value value(Napi::Env env, netns::Netns& made) {
    Napi::Object out = Napi::Object::New(env);
    out.Set("netnsFd", Napi::Number::New(env, made.ns.release()));
    out.Set("rtnetlinkFd", Napi::Number::New(env, made.rtnetlink.release()));
    return out;
  }
};

struct NetlinkInside {
  int ns_fd;
  int family;

  Result<UniqueFd> run() { return netns::netlink_socket_in(ns_fd, family); }
  Napi::Value value(Napi::Env env, UniqueFd& fd) { return Napi::Number::New(env, fd.release()); }
};

struct BindInside {
  int ns_fd;
  netns::SocketAddress where;

  Result<UniqueFd> run() { return netns::bind_port_in(ns_fd, where); }
  Napi::Value value(Napi::Env env, UniqueFd& fd) { return Napi::Number::New(env, fd.release()); }
};

bool fill_ipv4(const std::string& text, uint16_t port, netns::SocketAddress* out) {
  auto* in = reinterpret_cast<sockaddr_in*>(&out->address);
  in->sin_family = AF_INET;
  in->sin_port = htons(port);
  out->domain = AF_INET;
  out->size = sizeof *in;
  return inet_pton(AF_INET, text.c_str(), &in->sin_addr) == 1;
}

bool fill_ipv6(const std::string& text, uint16_t port, netns::SocketAddress* out) {
  auto* in = reinterpret_cast<sockaddr_in6*>(&out->address);
  in->sin6_family = AF_INET6;
  in->sin6_port = htons(port);
  out->domain = AF_INET6;
  out->size = sizeof *in;
  return inet_pton(AF_INET6, text.c_str(), &in->sin6_addr) == 1;
}

// {protocol: 'tcp'|'udp'|'sctp', address: string, port: number}; false when it is something else.
bool read_address(Napi::Object from, netns::SocketAddress* out) {
  Napi::Value protocol = from.Get("protocol");
  Napi::Value address = from.Get("address");
  Napi::Value port = from.Get("port");
  if (!protocol.IsString() || !address.IsString() || !port.IsNumber()) return false;
  std::string name = protocol.As<Napi::String>();
  if (name != "tcp" && name != "udp" && name != "sctp") return false;
  out->type = name == "udp" ? SOCK_DGRAM : SOCK_STREAM;
  out->protocol = name == "sctp" ? IPPROTO_SCTP : 0;
  int64_t number = port.As<Napi::Number>().Int64Value();
  if (number < 0 || number > 65535) return false;
  std::string text = address.As<Napi::String>();
  bool v6 = text.find(':') != std::string::npos;
  return v6 ? fill_ipv6(text, number, out) : fill_ipv4(text, number, out);
}

// createUserns(uidMap, gidMap): Promise<number>
Napi::Value create_userns(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsString() || !info[1].IsString()) {
    Napi::TypeError::New(env, "createUserns(uidMap: string, gidMap: string)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  CreateUserns work{info[0].As<Napi::String>(), info[1].As<Napi::String>()};
  return PromiseWorker<UniqueFd, CreateUserns>::start(env, work);
}

// createNetns(usernsFd?): Promise<{netnsFd, rtnetlinkFd}>
Napi::Value create_netns(const Napi::CallbackInfo& info) {
  const int userns = info.Length() > 0 && info[0].IsNumber() ? info[0].As<Napi::Number>().Int32Value() : -1;
  return PromiseWorker<netns::Netns, CreateNetns>::start(info.Env(), {userns});
}

// netlinkOpenIn(netnsFd, family): Promise<number>
Napi::Value netlink_open_in(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsNumber() || !info[1].IsNumber()) {
    Napi::TypeError::New(env, "netlinkOpenIn(netnsFd: number, family: number)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  NetlinkInside work{info[0].As<Napi::Number>().Int32Value(), info[1].As<Napi::Number>().Int32Value()};
  return PromiseWorker<UniqueFd, NetlinkInside>::start(env, work);
}

// bindPort({protocol, address, port}): number
Napi::Value bind_port(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  netns::SocketAddress where;
  if (info.Length() < 1 || !info[0].IsObject() || !read_address(info[0].As<Napi::Object>(), &where)) {
    Napi::TypeError::New(env, "bindPort({ protocol, address, port })").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Result<UniqueFd> fd = netns::bind_port(where);
  if (!fd.ok()) {
    to_js_error(env, fd.error()).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  return Napi::Number::New(env, fd.value().release());
}

// bindPortIn(netnsFd, {protocol, address, port}): Promise<number>
Napi::Value bind_port_in(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  BindInside work{};
  if (info.Length() < 2 || !info[0].IsNumber() || !info[1].IsObject() ||
      !read_address(info[1].As<Napi::Object>(), &work.where)) {
    Napi::TypeError::New(env, "bindPortIn(netnsFd, { protocol, address, port })").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  work.ns_fd = info[0].As<Napi::Number>().Int32Value();
  return PromiseWorker<UniqueFd, BindInside>::start(env, work);
}

}  // namespace

void export_namespace(Napi::Env env, Napi::Object exports) {
  exports.Set("createUserns", Napi::Function::New(env, create_userns, "createUserns"));
  exports.Set("createNetns", Napi::Function::New(env, create_netns, "createNetns"));
  exports.Set("netlinkOpenIn", Napi::Function::New(env, netlink_open_in, "netlinkOpenIn"));
  exports.Set("bindPort", Napi::Function::New(env, bind_port, "bindPort"));
  exports.Set("bindPortIn", Napi::Function::New(env, bind_port_in, "bindPortIn"));
}

}  // namespace tsd::addon
