/**
 * Waits until `check` stops throwing and returns something truthy or nothing at all (a block of assertions); fails with
 * its last error after `timeoutMs`.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  timeoutMs = 5000,
  everyMs = 10,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const result = await check();
      if (result || result === undefined) return result as NonNullable<T>;
      if (Date.now() > deadline) throw new Error(`condition not met in ${timeoutMs} ms`);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
