/** What bench/dashboard.ts recorded, and docs/dashboard-picture.ts draws. */
export interface Figures {
  /** When the recording began. */
  readonly from: string;
  /** Seconds between two values. */
  readonly step: number;
  /** By metric and component, `Accepted listener`: sums, or the 95th percentile of a time, `null` where there was none. */
  readonly series: Readonly<Record<string, readonly (number | null)[]>>;
  readonly refusals: readonly Refusals[];
}

export interface Refusals {
  readonly refusals: number;
  readonly reason: string;
  readonly stage: string;
  readonly document: string;
  readonly field: string;
}
