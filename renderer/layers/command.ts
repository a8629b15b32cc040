/** A layer's history line as people wrote it: the Dockerfile's keyword and the rest. */
export interface LayerCommand {
  /** RUN, COPY, …; empty where the line names none (imported images). */
  keyword: string;
  text: string;
}

const keywords =
  /^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s+(.*)$/s;

/** Takes away what builders add around the Dockerfile's own words. */
export function layerCommand(line: string): LayerCommand {
  const bare = line.replace(/\s*# buildkit$/, '').trim();
  const metadata = /^\/bin\/sh -c #\(nop\)\s+(.*)$/s.exec(bare)?.[1];
  const shell = /^(?:RUN )?(?:\|\d+ .*? )?\/bin\/(?:ba)?sh -c (.*)$/s.exec(
    metadata === undefined ? bare : '',
  )?.[1];
  if (shell !== undefined) return { keyword: 'RUN', text: shell.trim() };
  const match = keywords.exec(metadata ?? bare);
  if (match) return { keyword: match[1]!, text: match[2]!.trim() };
  return { keyword: '', text: metadata ?? bare };
}
