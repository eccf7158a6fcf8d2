/** `route-mail` is `RouteMail` among construct ids. */
export function pascalCase(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}
