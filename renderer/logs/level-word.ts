/** A level that a line begins with, perhaps coloured or in brackets, and what divides it from the text. */
const leading =
  /^(?:\u001b\[[\d;]*m)*\[?(?:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|fatal|crit(?:ical)?)\]?(?:\u001b\[[\d;]*m)*(?:[:\s]+|$)/i;

/** A line's text without the level that stands in the column before it. */
export function withoutLevel(text: string): string {
  return text.replace(leading, '');
}
