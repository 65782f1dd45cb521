#include "addon/convert.h"

#include <string.h>
#include <uv.h>

namespace tsd::addon {

Napi::Error system_error(Napi::Env env, const Error& error) {
  std::string message = std::string(error.syscall) + ": " + strerror(error.errnum);
  if (error.path[0] != '\0') message += std::string(" '") + error.path + "'";
  Napi::Error result = Napi::Error::New(env, message);
  Napi::Object object = result.Value();
  object.Set("errno", error.errnum);
  object.Set("code", uv_err_name(-error.errnum));
  object.Set("syscall", error.syscall);
  object.Set("step", error.step);
  if (error.path[0] != '\0') object.Set("path", error.path);
  return result;
}

namespace {

bool type_error(Napi::Value value, const char* what, const char* wanted) {
  Napi::TypeError::New(value.Env(), std::string(what) + " must be " + wanted).ThrowAsJavaScriptException();
  return false;
}

}  // namespace

bool to_int(Napi::Value value, const char* what, int* out) {
  if (!value.IsNumber()) return type_error(value, what, "a number");
  *out = value.As<Napi::Number>().Int32Value();
  return true;
}

bool to_string(Napi::Value value, const char* what, std::string* out) {
  if (!value.IsString()) return type_error(value, what, "a string");
  *out = value.As<Napi::String>().Utf8Value();
  if (out->find('\0') != std::string::npos) return type_error(value, what, "a string without null bytes");
  return true;
}

bool to_strings(Napi::Value value, const char* what, std::vector<std::string>* out) {
  if (!value.IsArray()) return type_error(value, what, "an array of strings");
  const Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    std::string item;
    if (!to_string(array.Get(i), what, &item)) return false;
    out->push_back(std::move(item));
  }
  return true;
}

bool to_ints(Napi::Value value, const char* what, std::vector<int>* out) {
  if (!value.IsArray()) return type_error(value, what, "an array of numbers");
  const Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    int item = -1;
    if (!to_int(array.Get(i), what, &item)) return false;
    out->push_back(item);
  }
  return true;
}

Napi::Value fail(Napi::Env env, const Error& error) {
  system_error(env, error).ThrowAsJavaScriptException();
  return env.Undefined();
}

bool to_message(const Napi::CallbackInfo& info, MessageArguments* out) {
  if (!to_int(info[0], "socket", &out->socket) || !to_ints(info[2], "fds", &out->fds)) return false;
  if (!info[1].IsBuffer()) {
    Napi::TypeError::New(info.Env(), "data must be a Buffer").ThrowAsJavaScriptException();
    return false;
  }
  out->data = info[1].As<Napi::Buffer<char>>();
  return true;
}

}  // namespace tsd::addon
