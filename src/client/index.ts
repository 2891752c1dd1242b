// The face of our own client: its two commands, and handing in one delivery from other programs. It imports nothing of the server.
export { runDeliver } from './deliver.ts';
export { type Service, ServiceFault, send } from './http.ts';
export { type Output, type Progress, startProgress } from './progress.ts';
export { runPull } from './pull/pull.ts';
export { type DeliveryDescription, type DeliveryResult, sendDelivery, type TableFile } from './send-delivery.ts';
