/** Where the network domain reports what no caller waits for. Fields are for machines, the message for people. */
export type NetworkLog = (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;
