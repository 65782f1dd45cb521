// Each <name>_binding.cc adds its functions to the exports here; binding.cc calls them all.
#pragma once
#include <napi.h>

namespace tsd::addon {

void export_process(Napi::Env env, Napi::Object exports);
void export_datagram(Napi::Env env, Napi::Object exports);
void export_fd(Napi::Env env, Napi::Object exports);
void export_netlink(Napi::Env env, Napi::Object exports);
void export_namespace(Napi::Env env, Napi::Object exports);
void export_filesystem(Napi::Env env, Napi::Object exports);
void export_node(Napi::Env env, Napi::Object exports);
void export_terminal(Napi::Env env, Napi::Object exports);

}  // namespace tsd::addon
