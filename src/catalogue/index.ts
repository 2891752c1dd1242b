// The face of the catalogue: its routes.
export { type CatalogueDeps, registerCatalogueRoutes } from './routes.ts';
