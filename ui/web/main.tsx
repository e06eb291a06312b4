import { render } from 'preact';
import './styles/index.css';
import { learnAbout } from './app/about.ts';
import { App } from './app/app.tsx';
import { followIncidents } from './app/incidents.ts';
import { follow } from './app/live.ts';

follow();
learnAbout();
followIncidents();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
