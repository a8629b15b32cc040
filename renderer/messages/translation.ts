/**
 * The shape that a translated catalogue must have: every key of the English one. English plural forms
 * (`…_one`) have no counterpart in Chinese, which has only `…_other`.
 */
export type Translation<Messages> = {
  [Key in keyof Messages as Key extends `${string}_one` ? never : Key]: Messages[Key] extends string
    ? string
    : Translation<Messages[Key]>;
};
