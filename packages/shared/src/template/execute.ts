/** Runs a parsed template on a value. */
import type { Command, Expression, Node, Pipe, Template } from './ast.ts';
import { type FunctionTable, lazyLogic } from './functions.ts';
import { fieldValue, isTrue, MISSING, memberOf, Nil, Struct, textOf, typeName } from './values.ts';

/** Output a template may make: a template in a terminal line is short, one that loops is a mistake. */
const MAX_DEPTH = 1000;

/** A failure while running, in Go's words: `template: :1:2: executing "" at <.X>: ...`. */
export class TemplateExecutionError extends Error {}

class Jump extends Error {
  readonly kind: 'break' | 'continue';
  constructor(kind: 'break' | 'continue') {
    super();
    this.kind = kind;
  }
}

interface Variable {
  name: string;
  value: unknown;
}

export interface ExecuteOptions {
  functions: FunctionTable;
  /** The value is raw JSON, not a typed object: every object is a map, a missing key an error (inspect's second try). */
  raw?: boolean;
}

/** @throws TemplateExecutionError */
export function executeTemplate(template: Template, data: unknown, options: ExecuteOptions): string {
  return new Execution(template, options).run(template.root, data);
}

class Execution {
  readonly #template: Template;
  readonly #options: ExecuteOptions;
  #variables: Variable[] = [];
  #output: string[] = [];
  #depth = 0;

  constructor(template: Template, options: ExecuteOptions) {
    this.#template = template;
    this.#options = options;
  }

  run(nodes: readonly Node[], data: unknown): string {
    this.#variables = [{ name: '$', value: data }];
    this.#walk(nodes, data);
    return this.#output.join('');
  }

  #walk(nodes: readonly Node[], dot: unknown): void {
    const scope = this.#variables.length;
    for (const node of nodes) this.#node(node, dot);
    this.#variables.length = scope;
  }

  #node(node: Node, dot: unknown): void {
    switch (node.kind) {
      case 'text':
        this.#output.push(node.text);
        break;
      case 'action': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0) this.#output.push(textOf(value));
        break;
      }
      case 'if':
      case 'with':
        this.#branch(node, dot);
        break;
      case 'range':
        this.#range(node, dot);
        break;
      case 'template':
        this.#call(node, dot);
        break;
      default:
        throw new Jump(node.kind);
    }
  }

  #branch(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: unknown): void {
    const scope = this.#variables.length;
    const value = this.#pipe(node.pipe, dot);
    if (isTrue(value)) this.#walk(node.body, node.kind === 'with' ? value : dot);
    else this.#walk(node.otherwise, dot);
    this.#variables.length = scope;
  }

  #range(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: unknown): void {
    const scope = this.#variables.length;
    const { variables, assigns } = node.pipe;
    const over = this.#pipe({ ...node.pipe, variables: [] }, dot);
    const entries = this.#entries(over, node.pipe);
    for (const [key, value] of entries) {
      const values = variables.length > 1 ? [key, value] : [value];
      variables.forEach((name, i) => {
        if (assigns) this.#assign(name, values[i]);
        else this.#variables.push({ name, value: values[i] });
      });
      const stop = this.#iteration(node.body, value);
      this.#variables.length = scope;
      if (stop) break;
    }
    if (entries.length === 0) this.#walk(node.otherwise, dot);
  }

  /** True: `break`. */
  #iteration(body: readonly Node[], dot: unknown): boolean {
    try {
      this.#walk(body, dot);
      return false;
    } catch (err) {
      if (!(err instanceof Jump)) throw err;
      return err.kind === 'break';
    }
  }

  /** Lists in order, maps by key; an integer counts. */
  #entries(over: unknown, pipe: Pipe): [unknown, unknown][] {
    if (over === MISSING || over instanceof Nil || over === null || over === undefined) return [];
    if (Array.isArray(over)) return over.map((value, i) => [i, value]);
    if (typeof over === 'number' && Number.isInteger(over)) {
      return Array.from({ length: Math.min(Math.max(over, 0), 1 << 20) }, (_, i) => [i, i]);
    }
    if (typeof over === 'object' && !(over instanceof Struct)) {
      const object = over as Record<string, unknown>;
      return Object.keys(object)
        .sort()
        .map((key) => [key, memberOf(object, key)]);
    }
    throw this.#error(pipe, `range can't iterate over ${textOf(over)}`);
  }

  #call(node: Extract<Node, { kind: 'template' }>, dot: unknown): void {
    const body = this.#template.named.get(node.name);
    const where = { pos: node.pos, text: `{{template ${JSON.stringify(node.name)}}}` };
    if (!body) throw this.#error(where, `template ${JSON.stringify(node.name)} not defined`);
    if (++this.#depth > MAX_DEPTH) throw this.#error(where, 'exceeded maximum template depth');
    const outer = this.#variables;
    const value = node.pipe ? this.#pipe(node.pipe, dot) : null;
    this.#variables = [{ name: '$', value }];
    this.#walk(body, value);
    this.#variables = outer;
    this.#depth--;
  }

  #assign(name: string, value: unknown): void {
    const variable = this.#variables.findLast((candidate) => candidate.name === name);
    if (variable) variable.value = value;
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    let value: unknown;
    pipe.commands.forEach((command, i) => {
      value = this.#command(command, dot, i === 0 ? [] : [value]);
    });
    for (const name of pipe.variables) {
      if (pipe.assigns) this.#assign(name, value);
      else this.#variables.push({ name, value });
    }
    return value;
  }

  /** @param piped the value of the stage before, as the last argument */
  #command(command: Command, dot: unknown, piped: unknown[]): unknown {
    const [first, ...rest] = command.args as [Expression, ...Expression[]];
    if (first.kind === 'function') return this.#function({ ...first, text: command.text }, rest, dot, piped);
    if (first.kind === 'field' || first.kind === 'variable' || first.kind === 'chain') {
      const value = this.#evaluate(first, dot, true);
      if (typeof value === 'function') return this.#invoke(first, value as never, this.#values(rest, dot, piped));
      if (rest.length + piped.length > 0) {
        const name = first.names.at(-1) ?? first.text;
        throw this.#error(first, `${name} is not a method but has arguments`);
      }
      return value;
    }
    if (rest.length + piped.length > 0) throw this.#error(first, `can't give argument to non-function ${first.text}`);
    if (first.kind === 'nil') throw this.#error(first, 'nil is not a command');
    return this.#evaluate(first, dot);
  }

  #values(args: readonly Expression[], dot: unknown, piped: unknown[]): unknown[] {
    return [...args.map((arg) => this.#evaluate(arg, dot)), ...piped];
  }

  #function(
    name: Extract<Expression, { kind: 'function' }>,
    rest: Expression[],
    dot: unknown,
    piped: unknown[],
  ): unknown {
    const thunks = [...rest.map((arg) => () => this.#evaluate(arg, dot)), ...piped.map((value) => () => value)];
    const logic = lazyLogic(name.name, thunks);
    if (logic) return logic.value;
    return this.#invoke(
      name,
      this.#options.functions[name.name]!,
      thunks.map((thunk) => thunk()),
    );
  }

  #invoke(at: Expression, fn: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    try {
      return fn(...args);
    } catch (err) {
      if (err instanceof TemplateExecutionError) throw err;
      const name = at.kind === 'function' ? at.name : at.text;
      throw this.#error(at, `error calling ${name}: ${(err as Error).message}`);
    }
  }

  /** @param callable a method is returned as it is, to be called with arguments */
  #evaluate(node: Expression, dot: unknown, callable = false): unknown {
    switch (node.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'literal':
        return node.value;
      case 'field':
        return this.#chain(dot, node.names, node, callable);
      case 'variable': {
        const variable = this.#variables.findLast((candidate) => candidate.name === node.name);
        return this.#chain(variable?.value, node.names, node, callable);
      }
      case 'pipe':
        return this.#pipe(node.pipe, dot);
      case 'chain':
        return this.#chain(this.#evaluate(node.base, dot), node.names, node, callable);
      case 'function':
        return this.#function(node, [], dot, []);
    }
  }

  #chain(start: unknown, names: readonly string[], node: Expression, callable: boolean): unknown {
    let value = start;
    names.forEach((name, i) => {
      value = this.#field(value, name, node);
      const last = i === names.length - 1;
      if (typeof value === 'function' && !(callable && last)) value = this.#invoke(node, value as never, []);
    });
    return value;
  }

  #field(receiver: unknown, name: string, node: Expression): unknown {
    if (this.#options.raw) return this.#rawField(receiver, name, node);
    if (receiver instanceof Struct) {
      if (Object.hasOwn(receiver.fields, name)) return fieldValue(receiver, name);
    } else if (receiver === MISSING || receiver === null || receiver === undefined) {
      if (receiver === MISSING) return MISSING;
      throw this.#error(node, `nil data; no entry for key ${JSON.stringify(name)}`);
    } else if (receiver instanceof Nil) {
      if (receiver.text === 'map[]') return MISSING;
      throw this.#error(node, `nil pointer evaluating interface {}.${name}`);
    } else if (typeof receiver === 'object' && !Array.isArray(receiver)) {
      const value = memberOf(receiver as Record<string, unknown>, name);
      if (value !== undefined) return value;
    }
    throw this.#error(node, `can't evaluate field ${name} in type ${typeName(receiver)}`);
  }

  #rawField(receiver: unknown, name: string, node: Expression): unknown {
    if (receiver === null || receiver === undefined) {
      throw this.#error(node, `nil data; no entry for key ${JSON.stringify(name)}`);
    }
    if (typeof receiver !== 'object' || Array.isArray(receiver)) {
      throw this.#error(node, `can't evaluate field ${name} in type interface {}`);
    }
    if (Object.hasOwn(receiver, name)) return (receiver as Record<string, unknown>)[name];
    throw this.#error(node, `map has no entry for key ${JSON.stringify(name)}`);
  }

  #error(node: { pos: number; text: string }, message: string): TemplateExecutionError {
    const before = this.#template.source.slice(0, node.pos);
    const line = before.split('\n').length;
    const column = node.pos - (before.lastIndexOf('\n') + 1);
    const shown = node.text.length > 20 ? `${node.text.slice(0, 20)}...` : node.text;
    return new TemplateExecutionError(
      `template: ${this.#template.name}:${line}:${column}: executing ${JSON.stringify(this.#template.name)} at <${shown}>: ${message}`,
    );
  }
}
