/** Polls until `check` returns something truthy, and returns it. @throws Error after `timeoutMillis` */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMillis = 5000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMillis;
  for (;;) {
    const result = await check();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMillis} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
