import { useTranslation } from 'react-i18next';
import { Link } from '../router/link.tsx';
import { useLocation } from '../router/location.ts';
import { useContainers } from '../stores/containers.ts';
import { useImages } from '../stores/images.ts';
import { classNames } from '../ui/class-names.ts';
import { formatNumber } from '../ui/format.ts';
import { type Place, places } from './places.ts';

function RailLink({ place, count }: { place: Place; count: number | undefined }) {
  const { t } = useTranslation();
  const current = useLocation(({ segments }) => `/${segments[0] ?? 'containers'}`) === place.path;
  const Icon = place.icon;
  return (
    <Link
      to={place.path}
      {...(current ? { 'aria-current': 'page' as const } : {})}
      className={classNames(
        'flex h-8 items-center justify-center gap-2.5 rounded-[7px] rail:h-[30px] rail:justify-start rail:px-2.5',
        current
          ? 'bg-surface font-medium text-text outline-1 -outline-offset-1 outline-line'
          : 'text-text-2 hover:bg-hover',
      )}
    >
      <Icon size={16} className={classNames('flex-none', current && 'text-accent-text')} aria-hidden />
      <span className="sr-only rail:not-sr-only">{t(place.label)}</span>
      {count !== undefined && (
        <span className="tabular ml-auto hidden text-small text-text-3 rail:inline" aria-hidden>
          {formatNumber(count)}
        </span>
      )}
    </Link>
  );
}

/** The main navigation; below 1280 px only its icons. */
export function Rail() {
  const { t } = useTranslation();
  const containers = useContainers(({ byId, readAtMs }) => (readAtMs ? byId.size : undefined));
  const images = useImages(({ images, readAtMs }) => (readAtMs ? images.length : undefined));
  const counts = { '/containers': containers, '/images': images, '/machine': undefined };
  return (
    <nav
      aria-label={t('nav.label')}
      className="flex min-h-0 flex-col gap-px px-2 pt-1.5 pb-2.5 rail:px-2.5"
      data-region
    >
      {(['workloads', 'system'] as const).map((section) => (
        <div key={section} className="flex flex-col gap-px">
          <h2
            className={classNames(
              'hidden px-2.5 pb-1 text-meta font-semibold text-text-3 rail:block',
              section === 'workloads' ? 'pt-0.5' : 'pt-3.5',
            )}
          >
            {t(`nav.${section}`)}
          </h2>
          {section !== 'workloads' && <div className="mx-2.5 my-2 h-px bg-line rail:hidden" />}
          {places
            .filter((place) => place.section === section)
            .map((place) => (
              <RailLink key={place.path} place={place} count={counts[place.path]} />
            ))}
        </div>
      ))}
    </nav>
  );
}
