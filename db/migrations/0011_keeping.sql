CREATE TABLE "subscription_notice" (
	"municipality_code" text NOT NULL,
	"subscription_id" uuid NOT NULL,
	"last_day" date NOT NULL,
	"days" integer NOT NULL,
	"domain" text NOT NULL,
	"noticed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "subscription_notice_municipality_code_subscription_id_last_day_days_pk" PRIMARY KEY("municipality_code","subscription_id","last_day","days")
);
--> statement-breakpoint
DROP INDEX "delivery_due";--> statement-breakpoint
DROP INDEX "package_content";--> statement-breakpoint
ALTER TABLE "delivery" ADD COLUMN "replaces" uuid;--> statement-breakpoint
ALTER TABLE "package" ADD COLUMN "kept_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "package" ADD COLUMN "revoked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "package" ADD COLUMN "revocation_reason" text;--> statement-breakpoint
ALTER TABLE "subscription_notice" ADD CONSTRAINT "subscription_notice_of_subscription" FOREIGN KEY ("municipality_code","subscription_id") REFERENCES "public"."subscription"("municipality_code","subscription_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "delivery" ADD CONSTRAINT "delivery_replaces_delivery" FOREIGN KEY ("municipality_code","replaces") REFERENCES "public"."delivery"("municipality_code","delivery_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "delivery_replaced" ON "delivery" USING btree ("municipality_code","replaces");--> statement-breakpoint
CREATE INDEX "delivery_package" ON "delivery" USING btree ("municipality_code","package_id");--> statement-breakpoint
CREATE INDEX "package_kept" ON "package" USING btree ("kept_until") WHERE "package"."state" in ('ready', 'revoked');--> statement-breakpoint
CREATE UNIQUE INDEX "delivery_due" ON "delivery" USING btree ("municipality_code","subscription_id","due_on") WHERE "delivery"."replaces" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "package_content" ON "package" USING btree ("municipality_code","domain","kind","revision",coalesce("since", -1)) WHERE "package"."state" in ('building', 'ready');--> statement-breakpoint
ALTER TABLE "package" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
UPDATE "package" SET "kept_until" = "ready_at" + interval '13 months' WHERE "ready_at" IS NOT NULL;--> statement-breakpoint
ALTER TABLE "package" FORCE ROW LEVEL SECURITY;
