{
  # The addon, the executable that makes, watches and unpacks (tsd-shim), pid 1 of --init, and the launcher of bin/.
  "target_defaults": {
    "cflags_cc": ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-fvisibility=hidden"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fexceptions"],
    "include_dirs": ["native"],
    "defines": ["_GNU_SOURCE"]
  },
  "targets": [
    {
      "target_name": "native",
      "sources": ["<!@(ls native/addon/*.cc native/core/*.cc)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"]
    },
    {
      "target_name": "tsd-shim",
      "type": "executable",
      "sources": ["<!@(ls native/shim/*.cc native/layer/*.cc native/core/*.cc)"],
      "cflags": ["-fno-pie", "-O2"],
      "cflags!": ["-fPIC", "-pthread"],
      "ldflags": ["-static", "-no-pie", "-Wl,--gc-sections"],
      "ldflags!": ["-rdynamic", "-pthread"]
    },
    {
      "target_name": "tsd-init",
      "type": "executable",
      "sources": ["native/init/main.cc"],
      "cflags": ["-fno-pie", "-Os"],
      "cflags!": ["-fPIC", "-pthread"],
      "ldflags": ["-static", "-no-pie", "-Wl,--gc-sections"],
      "ldflags!": ["-rdynamic", "-pthread"]
    },
    {
      "target_name": "tsdocker-launcher",
      "type": "executable",
      "sources": ["native/front/launcher.cc"],
      "ldflags": ["-static"],
      "ldflags!": ["-rdynamic", "-pthread"]
    }
  ]
}
