// The face of capabilities inside the stage.
export type { CapabilityDeps } from './create-capability.ts';
export { FREQUENCY_NOT_OFFERED } from './errors.ts';
export { readCapabilities, requireFrequency } from './read-capabilities.ts';
export { registerCapabilityRoutes } from './routes.ts';
