export interface EngineClient {}
