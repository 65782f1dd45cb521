/** The tree of a template. `pos` is an offset in its source, `text` how Go's error messages show the node. */
export type Expression =
  | { kind: 'dot' | 'nil'; pos: number; text: string }
  | { kind: 'literal'; value: string | number | boolean; pos: number; text: string }
  | { kind: 'field'; names: string[]; pos: number; text: string }
  | { kind: 'variable'; name: string; names: string[]; pos: number; text: string }
  | { kind: 'function'; name: string; pos: number; text: string }
  | { kind: 'pipe'; pipe: Pipe; pos: number; text: string }
  | { kind: 'chain'; base: Expression; names: string[]; pos: number; text: string };

/** Operand and its arguments. */
export interface Command {
  args: Expression[];
  pos: number;
  text: string;
}

export interface Pipe {
  variables: string[];
  /** `=` instead of `:=` */
  assigns: boolean;
  commands: Command[];
  pos: number;
  text: string;
}

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'action'; pipe: Pipe }
  | { kind: 'if' | 'with' | 'range'; pipe: Pipe; body: Node[]; otherwise: Node[] }
  | { kind: 'template'; name: string; pipe?: Pipe; pos: number }
  | { kind: 'break' | 'continue' };

export interface Template {
  /** Shown by error texts; docker's are mostly ''. */
  name: string;
  source: string;
  root: Node[];
  /** `define` and `block` */
  named: Map<string, Node[]>;
}
