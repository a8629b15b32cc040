import { useTranslation } from 'react-i18next';
import type { ImageLayers } from '../../../engine/api/layers.ts';
import { layerCommand } from '../../layers/command.ts';
import { Link } from '../../router/link.tsx';
import { pathOf } from '../../router/location.ts';
import { classNames } from '../../ui/class-names.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { formatBytes } from '../../ui/format.ts';

/** Every step the image was built by, with its whole command. */
export function HistoryTab({ name, image }: { name: string; image: ImageLayers }) {
  const { t, i18n } = useTranslation('image');
  return (
    <section
      aria-label={t('history.label', { name })}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto"
    >
      <table className="w-full border-collapse">
        <thead className="sticky top-0 bg-surface-2 text-left text-meta text-text-3">
          <tr className="border-b border-line [&>th]:px-2 [&>th]:py-1 [&>th]:font-medium">
            <th className="w-14 pl-4! text-right">{t('history.number')}</th>
            <th>{t('history.command')}</th>
            <th className="w-40">{t('history.created')}</th>
            <th className="w-24 text-right">{t('history.size')}</th>
            <th className="w-12">
              <span className="sr-only">{t('history.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {[...image.layers].reverse().map((layer) => {
            const { keyword, text } = layerCommand(layer.command);
            return (
              <tr key={layer.number} className="border-b border-line align-top [&>td]:px-2 [&>td]:py-1.5">
                <td className="tabular pl-4! text-right">
                  {layer.diffId === null ? (
                    <span className="text-text-3">{layer.number}</span>
                  ) : (
                    <Link
                      to={`${pathOf('images', name, 'layers')}?layer=${layer.number}`}
                      aria-label={t('history.open', { number: layer.number })}
                    >
                      {layer.number}
                    </Link>
                  )}
                </td>
                <td className="code leading-5 break-all whitespace-pre-wrap">
                  {keyword && <span className="font-semibold text-accent-text">{keyword} </span>}
                  {text}
                </td>
                <td className="whitespace-nowrap text-text-2">
                  {layer.createdAt !== null &&
                    new Date(layer.createdAt).toLocaleString(i18n.language, {
                      dateStyle: 'medium',
                      timeStyle: 'short',
                    })}
                </td>
                <td
                  className={classNames(
                    'tabular text-right whitespace-nowrap',
                    layer.sizeBytes === 0 && 'text-text-3',
                  )}
                >
                  {formatBytes(layer.sizeBytes)}
                </td>
                <td>
                  <CopyButton
                    iconOnly
                    text={layer.command}
                    what={t('history.copy', { number: layer.number })}
                  />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
