// The face of prices inside the stage.
export type { PriceDeps } from './create-price-list.ts';
export { NO_PRICE } from './errors.ts';
export { registerPriceRoutes } from './routes.ts';
export { amountOf, listOn, type Price, type PriceList, priceOf, totalOf } from './rules.ts';
export { amount, day, frequency } from './schemas.ts';
export { listBetween } from './store.ts';
