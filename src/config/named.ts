/** Things that a configuration calls by name. */

/** The one of this name, made on first mention. */
export function named<T extends { name: string }>(list: T[], name: string, make: () => T): T {
  const known = list.find((one) => one.name === name);
  if (known !== undefined) return known;
  const made = make();
  list.push(made);
  return made;
}
