import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Below this nothing is shown: a flash of grey is worse than a moment of nothing. */
const quietMs = 300;

/** Grey rows while something is read. */
export function Skeleton() {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), quietMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="flex-1 p-4" role="status" aria-label={t('loading')}>
      {shown &&
        [72, 56, 64, 48].map((width) => (
          <div key={width} className="mb-3 h-3 rounded-chip bg-idle-soft" style={{ width: `${width}%` }} />
        ))}
    </div>
  );
}
