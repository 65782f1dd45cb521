export type EngineClient = {};
