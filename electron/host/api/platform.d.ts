/** The little of the platform that this contract needs, so that it compiles without DOM and Node types. */
declare interface AbortSignal {
  readonly aborted: boolean;
}
