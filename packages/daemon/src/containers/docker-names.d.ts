declare module 'docker-names' {
  /** Docker's generated container names: `adjective_surname`. */
  const names: { getRandomName(appendNumber?: boolean): string };
  export default names;
}
