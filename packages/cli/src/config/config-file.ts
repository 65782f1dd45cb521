export type ConfigFile = {};
