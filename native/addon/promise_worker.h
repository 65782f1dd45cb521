// A promise settled by work on a pool thread.
#pragma once
#include <napi.h>

#include <utility>

#include "addon/system_error.h"
#include "core/error.h"

namespace tsd::addon {

// `Work` has `Result<T> run()` (pool thread, no N-API) and `Napi::Value value(Napi::Env, T&)` (main thread).
template <typename T, typename Work>
class PromiseWorker : public Napi::AsyncWorker {
 public:
  static Napi::Promise start(Napi::Env env, Work work) {
    auto* worker = new PromiseWorker(env, std::move(work));
    Napi::Promise promise = worker->deferred_.Promise();
    worker->Queue();
    return promise;
  }

 protected:
  void Execute() override { result_ = work_.run(); }

  void OnOK() override {
    Napi::HandleScope scope(Env());
    if (result_.ok())
      deferred_.Resolve(work_.value(Env(), result_.value()));
    else
      deferred_.Reject(to_js_error(Env(), result_.error()).Value());
  }

 private:
  PromiseWorker(Napi::Env env, Work work)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)) {}

  Napi::Promise::Deferred deferred_;
  Work work_;
  Result<T> result_ = Error{ECANCELED};
};

}  // namespace tsd::addon
