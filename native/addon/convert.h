// JavaScript values in and out, checked; errors with the shape of Node's own system errors.
#pragma once
#include <napi.h>

#include <string>
#include <vector>

#include "core/error.h"

namespace tsd::addon {

// Error with errno (positive), code (ENOENT), syscall, step and path.
Napi::Error system_error(Napi::Env env, const Error& error);
// Throws it; what a binding returns then.
Napi::Value fail(Napi::Env env, const Error& error);

// Each throws a TypeError naming `what` and returns false when the value has another type.
bool to_int(Napi::Value value, const char* what, int* out);
bool to_string(Napi::Value value, const char* what, std::string* out);
bool to_strings(Napi::Value value, const char* what, std::vector<std::string>* out);
bool to_ints(Napi::Value value, const char* what, std::vector<int>* out);

// (socket: number, data: Buffer, fds: number[])
struct MessageArguments {
  int socket = -1;
  Napi::Buffer<char> data;
  std::vector<int> fds;
};
bool to_message(const Napi::CallbackInfo& info, MessageArguments* out);

}  // namespace tsd::addon
