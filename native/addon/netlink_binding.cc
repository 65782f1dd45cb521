#include <vector>

#include "addon/binding.h"
#include "addon/promise_worker.h"
#include "core/netlink.h"

namespace tsd::addon {

namespace {

struct Transaction {
  int fd;
  std::vector<uint8_t> request;

  Result<std::vector<uint8_t>> run() { return netlink::transact(fd, request.data(), request.size()); }
  Napi::Value value(Napi::Env env, std::vector<uint8_t>& replies) {
    return Napi::Buffer<uint8_t>::Copy(env, replies.data(), replies.size());
  }
};

// netlinkOpen(family): number
Napi::Value netlink_open(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsNumber()) {
    Napi::TypeError::New(env, "netlinkOpen(family: number)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Result<UniqueFd> fd = netlink::open_socket(info[0].As<Napi::Number>().Int32Value());
  if (!fd.ok()) {
    to_js_error(env, fd.error()).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  return Napi::Number::New(env, fd.value().release());
}

// netlinkTransact(fd, request: Buffer): Promise<Buffer>
Napi::Value netlink_transact(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsNumber() || !info[1].IsBuffer()) {
    Napi::TypeError::New(env, "netlinkTransact(fd: number, request: Buffer)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  auto buffer = info[1].As<Napi::Buffer<uint8_t>>();
  // Copied: the caller may use its buffer again while the pool thread works.
  std::vector<uint8_t> request(buffer.Data(), buffer.Data() + buffer.Length());
  Transaction work{info[0].As<Napi::Number>().Int32Value(), std::move(request)};
  return PromiseWorker<std::vector<uint8_t>, Transaction>::start(env, std::move(work));
}

}  // namespace

void export_netlink(Napi::Env env, Napi::Object exports) {
  exports.Set("netlinkOpen", Napi::Function::New(env, netlink_open, "netlinkOpen"));
  exports.Set("netlinkTransact", Napi::Function::New(env, netlink_transact, "netlinkTransact"));
}

}  // namespace tsd::addon
