// Templates are compiled in the browser, so that Vite is all the tool-chain this needs; a larger page would take Angular's own build.
import '@angular/compiler';
import { provideZonelessChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { Page } from './page.js';

void bootstrapApplication(Page, { providers: [provideZonelessChangeDetection()] });
