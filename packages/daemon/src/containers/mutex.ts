/** A fair asynchronous lock: sections run one at a time, in the order they asked. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();
  #held = 0;

  /** Runs `section` once every earlier one has ended, however it ended. Not reentrant. */
  run<T>(section: () => Promise<T>): Promise<T> {
    this.#held++;
    const result = this.#held === 1 ? section() : this.#tail.then(section);
    this.#tail = result.then(
      () => this.#held--,
      () => this.#held--,
    );
    return result;
  }

  get busy(): boolean {
    return this.#held > 0;
  }
}
