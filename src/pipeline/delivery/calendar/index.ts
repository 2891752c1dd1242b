// The face of the calendar inside the stage.
export { type CalendarDeps, registerCalendarRoutes } from './routes.ts';
