export interface ConfigFile {}
