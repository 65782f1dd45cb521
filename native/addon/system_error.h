// From core's errors to JavaScript's: Error with errno, code (ENOENT ...), syscall, step and path.
#pragma once
#include <napi.h>
#include <string.h>

#include "core/error.h"

namespace tsd::addon {

inline Napi::Error to_js_error(Napi::Env env, const Error& error) {
  const char* code = strerrorname_np(error.errnum);
  std::string text = error.step[0] ? std::string(error.step) + ": " : std::string();
  if (error.syscall[0]) text += std::string(error.syscall) + ": ";
  if (error.path[0]) text += std::string(error.path) + ": ";
  text += strerror(error.errnum);
  Napi::Error made = Napi::Error::New(env, text);
  made.Set("errno", Napi::Number::New(env, error.errnum));
  made.Set("code", Napi::String::New(env, code ? code : "UNKNOWN"));
  made.Set("syscall", Napi::String::New(env, error.syscall));
  made.Set("step", Napi::String::New(env, error.step));
  if (error.path[0]) made.Set("path", Napi::String::New(env, error.path));
  return made;
}

}  // namespace tsd::addon
