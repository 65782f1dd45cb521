// Terminals of the CLI: raw mode and back, the window's size.
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <string>

#include "addon/binding.h"

namespace tsd::addon {
namespace {

void throw_errno(Napi::Env env, const char* syscall) {
  const int number = errno;
  Napi::Error error = Napi::Error::New(env, std::string(syscall) + ": " + strerror(number));
  error.Value().Set("errno", number);
  error.Value().Set("syscall", syscall);
  if (number == ENOTTY) error.Value().Set("code", "ENOTTY");
  error.ThrowAsJavaScriptException();
}

// -1, and a pending exception, when it is not a descriptor.
int descriptor_of(const Napi::CallbackInfo& info) {
  if (info[0].IsNumber() && info[0].As<Napi::Number>().Int32Value() >= 0)
    return info[0].As<Napi::Number>().Int32Value();
  Napi::TypeError::New(info.Env(), "fd must be a descriptor").ThrowAsJavaScriptException();
  return -1;
}

Napi::Value make_raw(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int fd = descriptor_of(info);
  if (fd < 0) return env.Undefined();
  termios before{};
  if (tcgetattr(fd, &before) < 0) {
    throw_errno(env, "tcgetattr");
    return env.Undefined();
  }
  termios raw = before;
  cfmakeraw(&raw);
  // Drain, not flush: what was typed ahead belongs to the container.
  if (tcsetattr(fd, TCSADRAIN, &raw) < 0) {
    throw_errno(env, "tcsetattr");
    return env.Undefined();
  }
  return Napi::Buffer<char>::Copy(env, reinterpret_cast<const char*>(&before), sizeof before);
}

Napi::Value restore(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int fd = descriptor_of(info);
  if (fd < 0) return env.Undefined();
  if (!info[1].IsBuffer() || info[1].As<Napi::Buffer<char>>().Length() != sizeof(termios)) {
    Napi::TypeError::New(env, "state must be what makeRaw returned").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  termios state;
  memcpy(&state, info[1].As<Napi::Buffer<char>>().Data(), sizeof state);
  if (tcsetattr(fd, TCSADRAIN, &state) < 0) throw_errno(env, "tcsetattr");
  return env.Undefined();
}

Napi::Value window_size(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int fd = descriptor_of(info);
  if (fd < 0) return env.Undefined();
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) {
    throw_errno(env, "ioctl");
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("height", size.ws_row);
  result.Set("width", size.ws_col);
  return result;
}

Napi::Value is_terminal(const Napi::CallbackInfo& info) {
  const int fd = descriptor_of(info);
  if (fd < 0) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), isatty(fd) == 1);
}

}  // namespace

void export_terminal(Napi::Env env, Napi::Object exports) {
  exports.Set("makeRaw", Napi::Function::New(env, make_raw));
  exports.Set("restore", Napi::Function::New(env, restore));
  exports.Set("windowSize", Napi::Function::New(env, window_size));
  exports.Set("isTerminal", Napi::Function::New(env, is_terminal));
}

}  // namespace tsd::addon
